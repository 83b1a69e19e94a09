"""A person's new mail address: it holds once a link sent to it was opened, until then the old one does.

Surveys, logins, password links and the agent that a person is go by it, so nobody just claims one. Whom an
admin gives an address, and who was invited at one, proves nothing more.
"""

from datetime import timedelta
from functools import partial
from uuid import uuid4

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Missing
from csat.people import profiles, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit

LIFETIME = timedelta(days=1)
SALT = "csat.email_change"
log = structlog.get_logger(__name__)


@transaction.atomic
def ask(user: User, email: str) -> bool:
    """This address waits from now on, and no other; `send` mails the link. False when it is theirs already.

    Raises Invalid for one that somebody else has.
    """
    email = profiles.valid_email(email, besides=user)
    if email == user.email:
        return False
    profiles.profile_of(user).change(new_email=email)
    _audit(user, before={"email": user.email}, after={"new_email": email})
    return True


def send(user: User) -> bool:
    """Mail the link to the address that waits; whether it went out. Any earlier link to it works as well."""
    email = profiles.profile_of(user).new_email
    if not email:
        return False
    token = signing.dumps([user.pk, user.email, email], salt=SALT)
    text = _(
        "%(username)s at %(site)s asked to use this email address.\n\n"
        "If that was you, open this link while you are logged in. It works once, for a day:\n%(link)s\n\n"
        "If it was not you, ignore this mail: nothing has changed."
    ) % {
        "username": user.get_username(),
        "site": settings.SITE_URL,
        "link": f"{settings.SITE_URL}/profile/email/{token}/",
    }
    try:
        notices.send(
            "email",
            to=email,
            subject=_("Confirm your email address"),
            text=text,
            token=f"{notices.LETS_IN}{uuid4()}",
        )
    except Outcome as failure:
        log.warning("a new address could not be asked", error=failure.text, code=failure.code)
        return False
    return True


@transaction.atomic
def cancel(user: User) -> None:
    """No address waits any more, and its link opens nothing."""
    profile = profiles.profile_of(user)
    if email := profile.new_email:
        profile.change(new_email="")
        _audit(user, before={"new_email": email}, after={"email": user.email})


@transaction.atomic
def confirm(user: User, token: str) -> str:
    """The address of this link, which was sent to it, is the person's now; the former one is told.

    Raises Missing for a link that is used, too old, cancelled or another's, and Invalid when somebody else
    got the address meanwhile.
    """
    try:
        pk, before, email = signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        raise _no_such_link() from None
    stored = User.objects.select_for_update().get(pk=user.pk)
    profile = profiles.profile_of(stored)
    if (pk, before, email) != (stored.pk, stored.email, profile.new_email):
        raise _no_such_link()
    stored.email = profiles.valid_email(email, besides=stored)
    try:
        with transaction.atomic():
            stored.save(update_fields=["email"])
    except IntegrityError:  # somebody has just taken it
        text = _("Somebody has an account with this email.")
        raise Invalid(text, fields={"email": [text]}) from None
    profile.change(new_email="")
    _audit(stored, before={"email": before}, after={"email": email})
    transaction.on_commit(partial(_tell_former, stored, before))
    return stored.email


def _audit(user: User, *, before: dict[str, str], after: dict[str, str]) -> None:
    audit(roles.actor_of(user), AuditAction.PROFILE_CHANGED, before=before, after=after, target=user)


def _no_such_link() -> Missing:
    return Missing(_("This link was used, cancelled, or is too old. Ask for a new one here."))


def _tell_former(user: User, email: str) -> None:
    """Write to the address that the person had: whoever took the account over cannot hide it."""
    if not email:
        return
    text = _(
        "The email address of your account %(name)s was changed. If that was not you, tell an admin at once."
    )
    try:
        notices.send(
            "email",
            to=email,
            subject=_("Your email address was changed"),
            text=text % {"name": user.get_username()},
        )
    except Outcome as failure:
        log.warning("a former address could not be told", error=failure.text, code=failure.code)
