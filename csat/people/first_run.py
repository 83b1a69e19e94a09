"""The first run: nobody has an account, and whoever knows the code printed on the server makes the first."""

import base64

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.timezone import now
from django.utils.translation import gettext as _

from csat.lib import advisory_lock
from csat.lib.clock import zones
from csat.lib.refusal import Problems, Refused
from csat.lib.text import one_line
from csat.people import addresses, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Organization
from csat.timeline.recording import Actor

BYTES = 10  # of the code: 16 letters, which nobody guesses
MAX_EMAIL = 150  # it is the username, too


def is_open() -> bool:
    """Whether nobody has an account yet. A person without one asks, at the login: no other page does."""
    return not User.objects.exists()


def code() -> str:
    """Of this installation; derived and so stored nowhere. It opens nothing once somebody has an account."""
    secret = salted_hmac("csat.first_run", str(Organization.current().uuid), algorithm="sha256").digest()
    letters = base64.b32encode(secret[:BYTES]).decode().lower()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def is_code(text: str) -> bool:
    return constant_time_compare(_bare(text), _bare(code()))


def link() -> str:
    """Where the code is part of the address, so that one click is enough."""
    return f"{settings.SITE_URL}/welcome/?code={code()}"


@transaction.atomic
def begin(*, name: str, email: str, password: str, timezone: str, language: str) -> User:
    """Make the first admin, and set the organisation's time zone and language.

    Raises Invalid naming every field that is wrong, and Refused when somebody was faster.
    """
    advisory_lock.acquire(["first run"])
    if not is_open():
        raise Refused(_("Somebody has just made the first account. Log in, or ask them to invite you."))
    user = _checked(name, email, password, timezone, language)
    user.save()
    user.groups.add(Group.objects.get_or_create(name=roles.ADMIN)[0])
    organization = Organization.current()
    organization.change(timezone=timezone, language=language)
    after = {"timezone": timezone, "language": language}
    audit(roles.actor_of(user), AuditAction.INSTALLATION_WELCOMED, after=after, target=user)
    return user


@transaction.atomic
def put_checklist_away(*, by: Actor) -> None:
    Organization.current().change(checklist_dismissed_at=now())
    audit(by, AuditAction.CHECKLIST_DISMISSED)


@transaction.atomic
def bring_checklist_back(*, by: Actor) -> None:
    Organization.current().change(checklist_dismissed_at=None)
    audit(by, AuditAction.CHECKLIST_RESTORED)


def _checked(name: str, email: str, password: str, timezone: str, language: str) -> User:
    problems, name, address = Problems(), one_line(name), ""
    if not name:
        problems.add("name", _("Enter your name."))
    with problems.of("email"):
        address = addresses.email(email)
    if not address and "email" not in problems.fields:
        problems.add("email", _("Enter your email address: you log in with it."))
    if len(address) > MAX_EMAIL:
        problems.add("email", _("At most %(n)d characters.") % {"n": MAX_EMAIL})
    if timezone not in zones():
        problems.add("timezone", _("There is no such time zone. Use a name such as Europe/Berlin."))
    if language not in dict(settings.LANGUAGES):
        problems.add("language", _("Choose a language."))
    first, _blank, last = name.partition(" ")
    user = User(
        username=address,
        email=address,
        first_name=first[:150],
        last_name=last[:150],
        is_staff=True,
        is_superuser=True,
    )
    try:
        validate_password(password, user)
    except ValidationError as error:
        problems.add("password", " ".join(error.messages))
    problems.check()
    user.set_password(password)
    return user


def _bare(text: str) -> str:
    return "".join(char for char in text.lower() if char.isalnum())
