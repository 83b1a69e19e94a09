"""Break-glass: a superuser logs in by a link that the server's shell prints, once, for ten minutes.

For when single sign-on is the only way in, and does not work.
"""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib import client_address
from csat.lib.refusal import Missing
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import SYSTEM

LIFETIME = timedelta(minutes=10)
SALT = "csat.break_glass"


@transaction.atomic
def make_link(username: str = "") -> str:
    """For this superuser, or for the first one. Raises Missing."""
    superusers = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    user = (superusers.filter(username=username) if username else superusers).first()
    if user is None:
        raise Missing(_("There is no such active superuser. Make one: manage.py createsuperuser."))
    audit(SYSTEM, AuditAction.BREAK_GLASS_MADE, after={"username": user.username}, target=user)
    token = signing.dumps([user.pk, _state(user)], salt=SALT)
    return f"{settings.SITE_URL}/account/break-glass/{token}/"


def find(token: str) -> User:
    """Whom this link logs in. Raises Missing when it is no link of ours, used, or too old."""
    return _find(token, User.objects.all())


@transaction.atomic
def redeem(token: str) -> User:
    """The same, once: of two who come together, one. The admins are told. Raises Missing."""
    user = _find(token, User.objects.select_for_update())
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    audit(roles.actor_of(user), AuditAction.BREAK_GLASS_USED, target=user)
    subject = _("Break-glass login of %(username)s") % {"username": user.username}
    text = _(
        "%(username)s logged in at %(time)s UTC from %(address)s, by a link that `manage.py welcome"
        " --break-glass` printed on the server. If none of you did this, somebody else has a shell there."
    ) % {
        "username": user.username,
        "time": f"{user.last_login:%Y-%m-%d %H:%M}",
        "address": client_address.current() or "?",
    }
    transaction.on_commit(lambda: roles.write_to_admins(subject, text))
    return user


def _find(token: str, users: QuerySet[User]) -> User:
    try:
        pk, state = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        pk, state = None, ""
    user = users.filter(pk=pk, is_superuser=True, is_active=True).first()
    if user is None or _state(user) != state:
        raise Missing(_("This link was used already, or is older than ten minutes. Print a new one."))
    return user


def _state(user: User) -> str:
    """What the login itself changes, so that the link works once; and any other login ends it, too."""
    return user.last_login.isoformat() if user.last_login else ""
