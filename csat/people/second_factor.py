"""Second factors: for which roles one is required, and who has one."""

from collections.abc import Collection, Iterable

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.translation import gettext as _

from csat.lib import encryption
from csat.lib.refusal import Invalid
from csat.people import logins, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Organization
from csat.timeline.recording import Actor

SECRETS_OF = {Authenticator.Type.TOTP: "secret", Authenticator.Type.RECOVERY_CODES: "seed"}
LAST_COUNTER = "last_counter"  # in the data of an app: of the latest code that was used
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes stand in for one of these


def required_for(role: str | None) -> bool:
    return role is not None and role in Organization.current().second_factor_roles


@transaction.atomic
def require(wanted: Collection[str], *, by: Actor, but: str = "") -> None:
    """From now on people of these roles, and of no others, need a second factor; whoever has none is logged
    out, except of the session with the key `but`. Raises Invalid.
    """
    unknown = sorted(set(wanted) - set(roles.Role.values))
    if unknown:
        text = _("There is no role %(name)s.") % {"name": ", ".join(unknown)}
        raise Invalid(fields={"second_factor_roles": [text]})
    organization = Organization.objects.select_for_update().get(pk=Organization.current().pk)
    before, after = organization.second_factor_roles, [role for role in roles.Role.values if role in wanted]
    if before != after:
        organization.change(second_factor_roles=after)
        audit(by, AuditAction.SECOND_FACTOR_REQUIRED, before={"roles": before}, after={"roles": after})
        for user in _of_roles(set(after) - set(before)):
            end_logins_without(user, but=but)


def has_one(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def with_one(users: Iterable[User]) -> set[int]:
    """The primary keys of those of these users who have one."""
    factors = Authenticator.objects.filter(user__in=list(users), type__in=FACTORS)
    return set(factors.values_list("user_id", flat=True))


def is_missing(user: User) -> bool:
    """Whether this person's role requires one, and they have none."""
    wanted = Organization.current().second_factor_roles
    return bool(wanted) and roles.role_of(user) in wanted and not has_one(user)


def use(factor: Authenticator, counter: int) -> bool:
    """Whether the code of this counter may be used: none is twice, and none that is older than the last. The
    row knows it, for every worker and without the cache.
    """
    if counter <= factor.data.get(LAST_COUNTER, 0):
        return False
    data = factor.data | {LAST_COUNTER: counter}
    used = Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=data)
    factor.data = data
    return bool(used)


def end_logins_without(user: User, *, but: str = "") -> None:
    """Of a person who lacks one that their role requires. The next login begins with setting it up."""
    if is_missing(user):
        logins.end_all(user, but=but)


def _of_roles(wanted: Collection[str]) -> list[User]:
    people = User.objects.filter(is_active=True).prefetch_related("groups") if wanted else ()
    return [user for user in people if roles.role_of(user) in wanted]


def reencrypt() -> tuple[int, int]:
    """Encrypt all with the first key; how many there are now, and how many cannot be read."""
    done = unreadable = 0
    for factor in Authenticator.objects.filter(type__in=SECRETS_OF).order_by("pk").iterator():
        name = SECRETS_OF[factor.type]
        try:
            secret = encryption.decrypt(factor.data[name], settings.SECRETS_KEYS)
        except encryption.UnknownKey:
            unreadable += 1
            continue
        data = factor.data | {name: encryption.encrypt(secret, settings.SECRETS_KEYS)}
        # not where a code was used meanwhile
        done += Authenticator.objects.filter(pk=factor.pk, data=factor.data).update(data=data)
    return done, unreadable


@transaction.atomic
def take_away(user: User, *, by: Actor) -> int:
    """Of somebody who lost it: they log in by password alone, and set up another where one is required."""
    count: int = Authenticator.objects.filter(user=user).delete()[0]
    if count:
        audit(by, AuditAction.SECOND_FACTOR_REMOVED, before={"factors": count}, target=user)
        end_logins_without(user)
    return count
