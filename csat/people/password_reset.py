"""A link by mail with which a person chooses a new password: once, within PASSWORD_RESET_TIMEOUT."""

from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.http import int_to_base36
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Outcome
from csat.people import demo, logins
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import SYSTEM

log = structlog.get_logger(__name__)


@transaction.atomic
def ask(email: str) -> bool:
    """Queue the mail to whoever has this address and a password; whether there is such a person.

    The mail is written by a worker, so that nobody can tell the answers apart by their time.
    """
    user = logins.with_mail(email)
    if user is None or not user.has_usable_password() or demo.is_refused(user):
        return False
    audit(SYSTEM, AuditAction.PASSWORD_RESET_ASKED, after={"username": user.username}, target=user)
    enqueue(Job.SEND_PASSWORD_LINK, user.pk)
    return True


def send(user: User) -> None:
    """Mail the link. A mail that cannot be sent is logged; the person asks again."""
    text = _(
        "Somebody, probably you, asked to reset the password of %(username)s at %(site)s.\n\n"
        "Choose a new one here. The link works once, and for an hour:\n%(link)s\n\n"
        "If it was not you, ignore this mail: nothing has changed."
    ) % {"username": user.username, "site": settings.SITE_URL, "link": link(user)}
    token = f"{notices.LETS_IN}{uuid4()}"
    try:
        notices.send("email", to=user.email, subject=_("Reset your password"), text=text, token=token)
    except Outcome as failure:
        log.warning("a password link could not be mailed", error=failure.text, code=failure.code)


def link(user: User) -> str:
    """As django-allauth reads it. It ends with the password, and with the next login."""
    key = f"{int_to_base36(user.pk)}-{default_token_generator.make_token(user)}"
    return f"{settings.SITE_URL}/account/password/reset/key/{key}/"
