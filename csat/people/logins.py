"""By which name a person logs in, and where they are logged in."""

from dataclasses import dataclass
from datetime import UTC, datetime

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.refusal import Invalid
from csat.lib.text import one_line
from csat.people import addresses
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor

SEEN, BEGAN = "login_seen", "login_began"  # seconds, in the session
LISTED = "login_listed"  # in the session: it is one of `of`


@dataclass(frozen=True)
class Login:
    """One browser in which a person is logged in."""

    pk: int
    key: str  # of the session: never shown
    user_agent: str
    address: str
    began: datetime
    seen: datetime


def username_of(name: str) -> str:
    """Of whoever has this username or mail; what was typed, on one line, when nobody has it."""
    name = one_line(name)
    if "@" not in name or User.objects.filter(username=name).exists():
        return name
    user = with_mail(name)
    return user.username if user else name


def with_mail(text: str) -> User | None:
    """The active user whose mail this is. Mails of users are unique, however they are spelt."""
    try:
        mail = addresses.email(text)
    except Invalid:
        return None
    return User.objects.filter(email__iexact=mail, is_active=True).order_by("-pk").first() if mail else None


def has_mail_of_another(user: User, text: str) -> bool:
    """Whether a mail that this user is to get is somebody else's, or the name by which they log in."""
    mail = addresses.stored(addresses.EMAIL, text)
    taken = Q(email__iexact=mail) | Q(username__iexact=mail)
    return bool(mail) and User.objects.filter(taken).exclude(pk=user.pk).exists()


def check_username(user: User) -> None:
    """Raises Invalid for a name that another has, however it is spelt, and for a mail that is not their own:
    somebody may get that mail one day.
    """
    name = user.username
    if "@" in name and addresses.stored(addresses.EMAIL, name) != (user.email or "").lower():
        raise Invalid(_("Choose a username without @: only your own email address may be one."))
    taken = User.objects.filter(username__iexact=name).exclude(pk=user.pk).exists()
    if taken or has_mail_of_another(user, name):
        raise Invalid(_("Somebody has this username. Choose another one."))


def remember(user: User, *, key: str, user_agent: str, address: str) -> None:
    """That this session is a login of the user, so that it can be listed and ended."""
    values = {"user": user, "user_agent": user_agent[:200], "ip": address or "::"}
    UserSession.objects.update_or_create(session_key=key, defaults=values)


def move(key: str, *, to: str) -> None:
    """A login goes on with another key of its session."""
    UserSession.objects.filter(session_key=key).update(session_key=to)


def of(user: User) -> list[Login]:
    """Where the user is logged in now, the latest first."""
    now, rows = timezone.now(), {row.session_key: row for row in UserSession.objects.filter(user=user)}
    # sessions know the password they began with, and the SECRET_KEY of then
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    idle_since = now.timestamp() - settings.SESSION_IDLE_MINUTES * 60
    began_since = now.timestamp() - settings.SESSION_HOURS * 3600
    logins = []
    for session in Session.objects.filter(session_key__in=list(rows), expire_date__gt=now):
        data, row = session.get_decoded(), rows[session.session_key]
        began, seen = data.get(BEGAN, 0), data.get(SEEN, 0)
        if data.get(HASH_SESSION_KEY) in hashes and seen > idle_since and began > began_since:
            times = (datetime.fromtimestamp(at, UTC) for at in (began, seen))
            logins.append(Login(row.pk, row.session_key, row.user_agent, str(row.ip), *times))
    return sorted(logins, key=lambda login: login.seen, reverse=True)


@transaction.atomic
def end_all(user: User, *, by: Actor | None = None, but: str = "") -> int:
    """End every login of the user, except the one whose session has the key `but`; how many there were.

    Audited when somebody asked for it (`by`).
    """
    count = sum(login.key != but for login in of(user))
    rows = UserSession.objects.filter(user=user).exclude(session_key=but)
    Session.objects.filter(session_key__in=list(rows.values_list("session_key", flat=True))).delete()
    rows.delete()
    if count and by is not None:
        audit(by, AuditAction.SESSION_ENDED, after={"logins": count}, target=user)
    return count


@transaction.atomic
def end(user: User, pk: int, *, by: Actor) -> bool:
    """End one login of the user; whether there was such a one."""
    row = UserSession.objects.filter(user=user, pk=pk).first()
    if row is None:
        return False
    Session.objects.filter(session_key=row.session_key).delete()
    row.delete()
    audit(by, AuditAction.SESSION_ENDED, after={"logins": 1}, target=user)
    return True


def forget_others(user: User, *, but: str) -> None:
    """Of a person whose other logins have ended with their old password."""
    UserSession.objects.filter(user=user).exclude(session_key=but).delete()


@transaction.atomic
def forget_ended() -> int:
    """Delete what is known of logins whose session has gone."""
    ended = UserSession.objects.exclude(session_key__in=Session.objects.values("session_key"))
    count: int = ended.delete()[0]
    return count
