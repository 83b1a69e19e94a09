"""Whom an identity provider sends: known by the provider's own id for them, invited, or made at first login.

The provider's `sub` is who somebody is. A mail address is so only where an admin once invited it, and the
provider says that it was verified.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self, cast

import structlog
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from csat.lib.addresses import is_confidential
from csat.lib.refusal import Invalid, Refused
from csat.lib.text import one_line
from csat.people import addresses, invitations, memberships, profiles, roles, sso_roles, staff
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Invitation
from csat.timeline.recording import SYSTEM

log = structlog.get_logger(__name__)
NAME_LENGTH = 150  # of each part of a name
ISSUER_LENGTH = 200  # as long as the column


def is_configured() -> bool:
    """Whether there is an issuer that we may talk to."""
    named = settings.OIDC_ISSUER and settings.OIDC_CLIENT_ID and settings.OIDC_CLIENT_SECRET
    return bool(named and is_usable(settings.OIDC_ISSUER))


def gives_roles() -> bool:
    """Whether people have, from each login on, the role that their groups at the provider give, or none."""
    return bool(settings.OIDC_ROLE_CLAIM)


def is_usable(issuer: str) -> bool:
    return is_confidential(issuer) and len(issuer) <= ISSUER_LENGTH


@dataclass(frozen=True)
class Identity:
    """What the provider vouches for, its signature checked."""

    issuer: str
    subject: str
    username: str = ""
    email: str = ""
    email_verified: bool = False
    first_name: str = ""
    last_name: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def from_claims(cls, issuer: str, claims: Mapping[str, Any]) -> Self:
        first, _blank, last = _text(claims, "name").partition(" ")
        try:
            email = addresses.email(_text(claims, "email"))
        except Invalid:
            email = ""
        return cls(
            issuer=issuer,
            subject=claims["sub"],
            username=_text(claims, "preferred_username"),
            email=email,
            email_verified=claims.get("email_verified") is True,
            first_name=_text(claims, "given_name") or first,
            last_name=_text(claims, "family_name") or last,
            groups=frozenset(sso_roles.groups_in(claims, settings.OIDC_ROLE_CLAIM)),
        )


def admit(identity: Identity) -> User:
    """Who this is here, with the role that their groups give. Raises Refused, whose words are for them."""
    try:
        return _admit(identity)
    except IntegrityError:  # the same person, or one of the same name, came a moment earlier
        return _admit(identity)


@transaction.atomic
def _admit(identity: Identity) -> User:
    user = find(identity) or _of_same_mail(identity) or _new(identity)
    if not user.is_active:
        raise Refused(_("Your account %(name)s was deactivated. Ask an admin.") % {"name": user.username})
    if gives_roles():
        _follow_groups(user, identity)
    return user


def find(identity: Identity) -> User | None:
    """Who is linked to this person of the provider."""
    accounts = SocialAccount.objects.filter(provider=identity.issuer, uid=identity.subject)
    account = accounts.select_related("user").first()
    return account.user if account else None


@transaction.atomic
def link(user: User, identity: Identity) -> None:
    """From now on this person of the provider logs in as this user. Raises Refused."""
    owner = find(identity)
    if owner == user:
        return
    if owner:
        text = _("At %(issuer)s you are linked to the account %(name)s already.")
        raise Refused(text % {"issuer": identity.issuer, "name": owner.username})
    SocialAccount.objects.create(user=user, provider=identity.issuer, uid=identity.subject)
    after = {"issuer": identity.issuer, "subject": identity.subject}
    audit(roles.actor_of(user), AuditAction.SIGN_ON_LINKED, after=after, target=user)


def unlink(user: User) -> None:
    """Nobody of the provider logs in as this user any more. Raises Refused for who has no other way in."""
    if not (user.has_usable_password() and settings.PASSWORD_LOGIN):
        raise Refused(_("You have no password here: without single sign-on you could not log in any more."))
    with transaction.atomic():
        if _links(user).delete()[0]:
            before = {"issuer": settings.OIDC_ISSUER}
            audit(roles.actor_of(user), AuditAction.SIGN_ON_UNLINKED, before=before, target=user)


def is_linked(user: User) -> bool:
    return _links(user).exists()


def _links(user: User) -> QuerySet[SocialAccount]:
    return cast(
        QuerySet[SocialAccount], SocialAccount.objects.filter(user=user, provider=settings.OIDC_ISSUER)
    )


def _of_same_mail(identity: Identity) -> User | None:
    """The person here with this mail, linked from now on: if they were invited by it, and nobody there is
    linked to them yet, who had the mail before.
    """
    owner = User.objects.filter(email__iexact=identity.email).first() if identity.email else None
    if owner is None:
        return None
    invited = Invitation.objects.filter(email__iexact=owner.email, accepted_by=owner).exists()
    if not (invited and identity.email_verified) or is_linked(owner):
        text = _(
            "An account here has your address %(email)s already. Log in with its password, and link it to"
            " %(issuer)s on the page “Single sign-on” of your profile; or ask an admin."
        )
        raise Refused(text % {"email": identity.email, "issuer": identity.issuer})
    if owner.is_active:
        link(owner, identity)
    return owner


def _new(identity: Identity) -> User:
    """With the role and teams of an invitation to their verified mail; without one, with no role yet."""
    user = User(
        username=invitations.free_username(identity.username or identity.email),
        email=identity.email if identity.email_verified else "",
        first_name=identity.first_name[:NAME_LENGTH],
        last_name=identity.last_name[:NAME_LENGTH],
    )
    user.set_unusable_password()
    user.save()
    link(user, identity)
    invitation = invitations.find_for_email(user.email) if user.email else None
    if invitation:
        invitations.accept_as(invitation, user)
    else:
        audit(SYSTEM, AuditAction.PERSON_ADDED, after={"username": user.username}, target=user)
        if not gives_roles():
            _tell_of_no_role(user)
    return user


def _follow_groups(user: User, identity: Identity) -> None:
    """The role that the groups give today, or none. A superuser is an admin whatever they say, and so is the
    last admin: nobody could give roles any more.
    """
    if user.is_superuser:
        return
    before = roles.role_of(user)
    role = sso_roles.role_for(identity.groups, settings.OIDC_ROLES)
    if before == roles.ADMIN != role:
        try:
            staff.keep_an_admin(user)
        except Refused:
            _tell_of_last_admin(user, role)
            return
    memberships.give_role(user, role)
    if role != before:
        audit(SYSTEM, AuditAction.ROLE_CHANGED, before={"role": before}, after={"role": role}, target=user)
    if role is None and (before or user.last_login is None):
        _tell_of_no_role(user)


def _tell_of_no_role(user: User) -> None:
    subject = _("Somebody without a role logged in")
    text = _(
        "%(name)s (username %(username)s) logged in by single sign-on at %(issuer)s and has no role here, so"
        " no page opens. Give them a role under Settings → People, or a group that OIDC_ROLES names."
    )
    values = {"name": profiles.name_of(user), "username": user.username, "issuer": settings.OIDC_ISSUER}
    transaction.on_commit(lambda: roles.write_to_admins(subject, text % values))


def _tell_of_last_admin(user: User, role: str | None) -> None:
    log.warning("the last admin stays one, against the groups of the provider", user_id=user.pk, role=role)
    subject = _("The last admin would have lost the role")
    text = _(
        "%(name)s (username %(username)s) is the last admin here. By their groups at %(issuer)s they would be"
        " none from this login on; they stay one, for nobody could give roles any more. Make somebody else an"
        " admin, or check the groups and OIDC_ROLES."
    )
    values = {"name": profiles.name_of(user), "username": user.username, "issuer": settings.OIDC_ISSUER}
    transaction.on_commit(lambda: roles.write_to_admins(subject, text % values))


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return one_line(value) if isinstance(value, str) else ""
