"""The people who log in: who they are, what changes of them, and what becomes of their work when they go."""

from collections.abc import Iterable
from typing import Any, cast

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat import signals
from csat.channels import notices
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Refused
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.people import invitations, logins, memberships, profiles, roles, second_factor
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import ApiKey, Profile, Team
from csat.people.permissions import ROLES_OF, Verb

log = structlog.get_logger(__name__)
NO_ROLE = "none"
ACTIVE, INACTIVE = "active", "inactive"
BY_NAME = (Lower(Coalesce(NullIf("first_name", Value("")), "username")), Lower("last_name"), "pk")


def people(by: User) -> QuerySet[User]:
    """Whom this person finds on the People page: admins everybody, team leads who shares a team with them."""
    scope = memberships.scope_of(by)
    rows = User.objects.select_related("profile").prefetch_related("groups", "profile__teams")
    if not scope.everyone:
        rows = rows.filter(Exists(_memberships().filter(team__in=scope.team_ids)))
    return rows.order_by("-is_active", *BY_NAME)


def search(rows: QuerySet[User], text: str) -> QuerySet[User]:
    """Whose name, username or mail contains each of the words."""
    for word in one_line(text).split():
        fields = ("first_name", "last_name", "username", "email")
        rows = rows.filter(Q(*((f"{field}__folded_contains", word) for field in fields), _connector=Q.OR))
    return rows


def with_role(role: str) -> Q:
    """As `roles.role_of` says of each; `NO_ROLE`: those who have none."""
    if role == NO_ROLE:
        return Q(is_superuser=False) & ~_in_groups(roles.Role.values)
    if role == roles.ADMIN:
        return Q(is_superuser=True) | _in_groups([role])
    higher = roles.COUNTS_FIRST[: roles.COUNTS_FIRST.index(role)]
    return Q(is_superuser=False) & _in_groups([role]) & ~_in_groups(higher)


def admins() -> QuerySet[User]:
    """Who may give roles, and access: the active ones."""
    return User.objects.filter(with_role(roles.ADMIN), is_active=True)


def is_only_admin(user: User) -> bool:
    """Whether nobody could give roles without this person."""
    return roles.role_of(user) == roles.ADMIN and not admins().exclude(pk=user.pk).exists()


def keep_an_admin(user: User) -> None:
    """Call it in the transaction that takes the role or the access away. Raises Refused for the last admin.

    Two admins who remove each other at the same moment wait here for one another.
    """
    rows = User.objects.filter(with_role(roles.ADMIN)).order_by("pk")
    list(rows.select_for_update(of=("self",)))
    if is_only_admin(user):
        raise Refused(_("This is the last admin. Make somebody else an admin first."))


def successors(user: User) -> QuerySet[User]:
    """Who may take over this person's follow-ups and conversations."""
    may = Q()
    for role in ROLES_OF[Verb.HANDLE_FOLLOW_UP]:
        may |= with_role(role)
    return User.objects.filter(may, is_active=True).exclude(pk=user.pk).order_by(*BY_NAME)


@transaction.atomic
def set_role(user: User, role: str, *, by: User) -> bool:
    """False when the person has it already. Raises Refused for one's own, and for the last admin's."""
    _check_may_change(user, by)
    if role not in roles.Role.values:
        raise Invalid(_("Choose a role."), fields={"role": [_("Choose a role.")]})
    before = memberships.role_given(user)
    if before == role:
        return False
    if before == roles.ADMIN:
        if user.is_active:
            keep_an_admin(user)
        if user.is_superuser:
            user.is_superuser = False
            user.save(update_fields=["is_superuser"])
    memberships.give_role(user, role)
    invitations.revoke_those_of(user, by=by)
    _audit(by, AuditAction.ROLE_CHANGED, user, before={"role": before}, after={"role": role})
    return True


@transaction.atomic
def set_teams(user: User, teams: Iterable[Team], *, by: User) -> bool:
    """False when these are the person's teams already."""
    teams = list(teams)
    before, after = (sorted(team.name for team in rows) for rows in (memberships.teams_of(user), teams))
    if before == after:
        return False
    memberships.give_teams(user, teams)
    invitations.revoke_those_of(user, by=by)
    _audit(by, AuditAction.TEAMS_CHANGED, user, before={"teams": before}, after={"teams": after})
    return True


@transaction.atomic
def bind_to_teams(user: User, own_teams_only: bool, *, by: User) -> bool:
    """Whether they see conversations of their teams only, in whatever role. False when it is so already."""
    _check_may_change(user, by)
    before = memberships.sees_own_teams_only(user)
    if before == own_teams_only:
        return False
    memberships.bind_to_teams(user, own_teams_only)
    values = {"before": {"own_teams_only": before}, "after": {"own_teams_only": own_teams_only}}
    _audit(by, AuditAction.TEAMS_CHANGED, user, **values)
    return True


@transaction.atomic
def deactivate(user: User, *, successor: User | None, by: User) -> None:
    """Nobody gets in by this account any more; what its person had open goes to `successor`, or to nobody.

    API keys they made go on: systems depend on them. Raises Refused for oneself and for the last admin.
    """
    _check_may_change(user, by)
    if not user.is_active:
        return
    if roles.role_of(user) == roles.ADMIN:
        keep_an_admin(user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    logins.end_all(user)
    invitations.revoke_those_of(user, by=by)
    _audit(by, AuditAction.PERSON_DEACTIVATED, user)
    _hand_over(user, successor, by)


@transaction.atomic
def activate(user: User, *, by: User) -> None:
    """They may log in again, with the role and teams they had; what was handed over stays where it is.

    Raises Refused for a superuser, unless `by` is one.
    """
    _check_may_change(user, by)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    _audit(by, AuditAction.PERSON_ACTIVATED, user)


@transaction.atomic
def hand_over(user: User, *, successor: User | None, by: User) -> int:
    """How many open follow-ups and conversations went to `successor`, or to nobody. Raises Refused."""
    return _hand_over(user, successor, by)


@transaction.atomic
def end_sessions(user: User, *, by: User) -> None:
    """They have to log in again, everywhere."""
    _check_may_change(user, by)
    logins.end_all(user, by=roles.actor_of(by))


@transaction.atomic
def remove_second_factor(user: User, *, by: User) -> None:
    """Of somebody who lost it: they log in by password alone, and set one up again where it is required."""
    _check_may_change(user, by)
    second_factor.take_away(user, by=roles.actor_of(by))


def keys_of(user: User) -> QuerySet[ApiKey]:
    """The API keys that this person made and that still work."""
    return ApiKey.objects.filter(created_by=user, revoked_at=None)


def _memberships() -> QuerySet[Any]:
    return Profile.teams.through.objects.filter(profile__user=OuterRef("pk"))


def _in_groups(names: Iterable[str]) -> Q:
    return Q(Exists(User.groups.through.objects.filter(user=OuterRef("pk"), group__name__in=list(names))))


def _check_may_change(user: User, by: User) -> None:
    """Raises Refused for oneself, and for a superuser unless `by` is one."""
    if user == by:
        raise Refused(_("Nobody changes their own role or access. Ask another admin."))
    if user.is_superuser and not by.is_superuser:
        raise Refused(_("Only a superuser changes a superuser."))


def _hand_over(user: User, successor: User | None, by: User) -> int:
    if successor and successor not in successors(user):
        text = _("Choose a colleague who works on conversations.")
        raise Invalid(text, fields={"successor": [text]})
    actor = roles.actor_of(by)
    answers = signals.work_handed_over.send(sender=User, user=user, successor=successor, by=actor)
    told = [cast(tuple[str, int], answer) for _receiver, answer in answers]
    counts = {name: count for name, count in told if count}
    if not counts:
        return 0
    to = successor.get_username() if successor else ""
    _audit(by, AuditAction.WORK_HANDED_OVER, user, after=counts | {"to": to})
    if successor and counts.get("follow_ups"):
        transaction.on_commit(lambda: _tell(successor, user, counts["follow_ups"]))
    return sum(counts.values())


def _tell(successor: User, user: User, count: int) -> None:
    """By mail, unless they switched that off."""
    if not successor.email or not profiles.wants(successor, profiles.FOLLOW_UPS):
        return
    values = {"n": count, "name": profiles.name_of(user), "url": f"{settings.SITE_URL}/inbox/"}
    text = ngettext(
        "%(n)d open follow-up of %(name)s is yours now. Find it in the inbox:\n%(url)s",
        "%(n)d open follow-ups of %(name)s are yours now. Find them in the inbox:\n%(url)s",
        count,
    )
    try:
        subject = _("Follow-ups were handed over to you")
        notices.send("email", to=successor.email, subject=subject, text=text % values)
    except Outcome as failure:
        log.warning("a colleague could not be told by mail", error=failure.text, code=failure.code)


def _audit(
    by: User,
    what: AuditAction,
    user: User,
    *,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
) -> None:
    who = {"username": user.get_username()}
    audit(roles.actor_of(by), what, before=who | (before or {}), after=after, target=user)
