"""Invitations: a person makes their own login, once, by a link of which only the hash is kept."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.text import slugify
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.lib import tokens
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Missing, Problems
from csat.lib.text import greetable, one_line
from csat.people import email_changes, logins, memberships, profiles, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Invitation, Team

log = structlog.get_logger(__name__)
LIFETIME = timedelta(days=7)
USERNAME_LENGTH = 150


@dataclass(frozen=True)
class Sent:
    """An invitation with its link, which is stored nowhere: this is the one time to show it."""

    invitation: Invitation
    url: str
    mailed: bool


def of_scope(by: User) -> QuerySet[Invitation]:
    """The open ones that this person may send again or revoke; those that ran out stay until then."""
    scope = memberships.scope_of(by)
    rows = Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related("invited_by")
    if not scope.everyone:
        rows = rows.filter(role__in=scope.roles, teams__in=scope.team_ids).exclude(
            Q(pk__in=Invitation.teams.through.objects.exclude(team__in=scope.team_ids).values("invitation"))
        )
    return rows.prefetch_related("teams").distinct()


def invite(
    *,
    name: str,
    email: str,
    role: str,
    teams: Collection[Team],
    by: User,
    organisation: str,
    own_teams_only: bool = False,
) -> Sent:
    """Invite a person and mail them the link. Raises Invalid.

    Whom a team lead invites will see conversations of those teams only, and so never more than the lead.
    """
    name, token = one_line(name)[: profiles.NAME_LENGTH], secrets.token_urlsafe(24)
    with transaction.atomic():
        email = _check(email, role, teams, by)
        own_teams_only |= not memberships.scope_of(by).everyone
        invitation = Invitation(
            name=name,
            email=email,
            role=role,
            own_teams_only=own_teams_only,
            invited_by=by,
            **_fresh(token),
        )
        try:
            with transaction.atomic():
                invitation.save()
        except IntegrityError:  # somebody has just invited them, too
            raise _invited_already() from None
        invitation.teams.set(teams)
        audit(
            roles.actor_of(by),
            AuditAction.PERSON_INVITED,
            after={
                "email": email,
                "role": role,
                "teams": sorted(team.name for team in teams),
                "own_teams_only": own_teams_only,
            },
            target=invitation,
        )
    return _send(invitation, token, organisation)


def resend(invitation: Invitation, *, by: User, organisation: str) -> Sent:
    """A new link for seven more days; the old one is dead. Raises Missing when it is open no longer."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        if not invitation.change(where=OPEN, **_fresh(token), invited_by=by):
            raise Missing(_("This invitation is no longer open."))
        audit(
            roles.actor_of(by),
            AuditAction.INVITATION_RESENT,
            after={"email": invitation.email},
            target=invitation,
        )
    return _send(invitation, token, organisation)


@transaction.atomic
def revoke(invitation: Invitation, *, by: User) -> bool:
    """False when it was accepted or revoked already."""
    if not invitation.change(where=OPEN, revoked_at=timezone.now()):
        return False
    audit(
        roles.actor_of(by),
        AuditAction.INVITATION_REVOKED,
        before={"email": invitation.email},
        target=invitation,
    )
    return True


def revoke_those_of(user: User, *, by: User) -> int:
    """The open ones that this person sent and may send no more: they may know the links."""
    rows = Invitation.objects.filter(invited_by=user, **OPEN).select_related("invited_by")
    return sum(revoke(row, by=by) for row in rows.prefetch_related("teams") if not _stands(row))


def find(token: str) -> Invitation | None:
    """The invitation that this link opens: neither used, revoked nor too old, and whoever sent it may still
    give what it gives.
    """
    return _find(digest=tokens.digest(token))


def find_for_email(email: str) -> Invitation | None:
    """The open invitation of this address, for whoever has proved that it is theirs."""
    return _find(email=email)


@transaction.atomic
def accept(token: str, *, username: str, name: str, password: str, mailed: str = "") -> User:
    """Make the person's login. Raises Missing when the link opens nothing, and Invalid.

    Their mail waits for a link that goes there (`email_changes`) where neither an admin gave it nor `mailed`
    shows that they came by the mail: a team lead sees the link, too.
    """
    invitation = find(token)
    if invitation is None:
        raise Missing(_("This invitation is no longer open."))
    username = User.normalize_username(one_line(username))
    user = User(username=username, email=profiles.valid_email(invitation.email))
    problems = Problems()
    with problems.of("name"):
        profiles.set_name(user, name)
    with problems.of("username"):
        _check_username(user)
    with problems.of("password"):
        _check_password(password, user)
    problems.check()
    user.set_password(password)
    email, is_proved = user.email, constant_time_compare(mailed, _proof(token)) or _is_by_admin(invitation)
    user.email = email if is_proved else ""
    _use(invitation)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # the name or the mail was taken a moment ago
        text = _("Somebody has this username. Choose another one.")
        raise Invalid(text, fields={"username": [text]}) from None
    _join(invitation, user)
    if not is_proved:
        profiles.profile_of(user).change(new_email=email)
        transaction.on_commit(lambda: email_changes.send(user))
    return user


@transaction.atomic
def accept_as(invitation: Invitation, user: User) -> None:
    """For a user made otherwise, as by single sign-on. Raises Missing."""
    if not _stands(invitation):
        raise Missing(_("This invitation is no longer open."))
    _use(invitation)
    _join(invitation, user)


def free_username(email: str) -> str:
    """One that nobody has, after the name in front of the @."""
    wanted = slugify(email.partition("@")[0].replace(".", "-"))[: USERNAME_LENGTH - 10] or "user"
    taken = set(User.objects.filter(username__istartswith=wanted).values_list("username", flat=True))
    taken = {name.lower() for name in taken}
    names = (wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


OPEN = {"accepted_at": None, "revoked_at": None}


def _find(**which: str) -> Invitation | None:
    rows = Invitation.objects.select_related("invited_by").prefetch_related("teams")
    invitation = rows.filter(**OPEN, expires_at__gt=timezone.now(), **which).first()
    return invitation if invitation and _stands(invitation) else None


def _stands(invitation: Invitation) -> bool:
    """Whether whoever sent it last may still give this role and these teams."""
    by = invitation.invited_by
    return by is not None and memberships.scope_of(by).covers(invitation.role, invitation.teams.all())


def _is_by_admin(invitation: Invitation) -> bool:
    return invitation.invited_by is not None and memberships.scope_of(invitation.invited_by).everyone


def _proof(token: str) -> str:
    """Stands in the mailed link alone, not in the one that is shown to whoever invites."""
    return salted_hmac("csat.invitation.mailed", token, algorithm="sha256").hexdigest()[:32]


def _fresh(token: str) -> dict[str, object]:
    return {"digest": tokens.digest(token), "expires_at": timezone.now() + LIFETIME}


def _check(email: str, role: str, teams: Collection[Team], by: User) -> str:
    """The mail as it is stored. An older invitation of it that opens nothing any more makes room."""
    scope, problems = memberships.scope_of(by), Problems()
    with problems.of("email"):
        email = profiles.valid_email(email)
        earlier = Invitation.objects.filter(email=email, **OPEN)
        if _find(email=email):
            raise _invited_already()
        for invitation in earlier:
            revoke(invitation, by=by)
    if role not in scope.roles:
        problems.add("role", _("Choose a role that you may give."))
    if not {team.pk for team in teams} <= scope.team_ids:
        problems.add("teams", _("Choose teams of yours."))
    if not teams and not scope.everyone:
        problems.add("teams", _("Choose at least one team."))
    problems.check()
    return email


def _invited_already() -> Invalid:
    text = _("This address was invited already. Send that invitation again, or revoke it first.")
    return Invalid(text, fields={"email": [text]})


def _check_username(user: User) -> None:
    try:
        User.username_validator(user.username)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None
    if not user.username or len(user.username) > USERNAME_LENGTH:
        raise Invalid(_("Give a username of at most %(n)d characters.") % {"n": USERNAME_LENGTH})
    logins.check_username(user)


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages)) from None


def _use(invitation: Invitation) -> None:
    """One of two who accept at once wins: the other finds it used."""
    if not invitation.change(where=OPEN, accepted_at=timezone.now()):
        raise Missing(_("This invitation is no longer open."))


def _join(invitation: Invitation, user: User) -> None:
    invitation.change(accepted_by=user)
    memberships.give_role(user, invitation.role)
    memberships.give_teams(user, invitation.teams.all())
    if invitation.own_teams_only or not _is_by_admin(invitation):  # an admin then may be a lead now
        memberships.bind_to_teams(user, True)
    audit(
        roles.actor_of(user),
        AuditAction.INVITATION_ACCEPTED,
        after={"email": invitation.email, "role": invitation.role, "username": user.username},
        target=user,
    )


def _send(invitation: Invitation, token: str, organisation: str) -> Sent:
    url = f"{settings.SITE_URL}/invite/{token}/"
    mailed = f"{url}?mailed={_proof(token)}"
    inviter = profiles.name_of(invitation.invited_by) if invitation.invited_by else organisation
    values = {"inviter": greetable(inviter) or organisation, "organisation": organisation, "url": mailed}
    text = _(
        "%(inviter)s invites you to %(organisation)s.\n\n"
        "Choose your username and password here:\n%(url)s\n\n"
        "The link works once, for seven days. If you do not know why you got this mail, ignore it."
    )
    try:
        subject = _("Your invitation to %(organisation)s") % values
        token = f"{notices.LETS_IN}{invitation.uuid}-{invitation.digest[:8]}"
        notices.send("email", to=invitation.email, subject=subject, text=text % values, token=token)
    except Outcome as failure:
        log.warning("an invitation could not be mailed", error=failure.text, code=failure.code)
        return Sent(invitation, url, mailed=False)
    return Sent(invitation, url, mailed=True)
