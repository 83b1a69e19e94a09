"""What a person who logs in chose for themselves, and when they were last seen."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.clock import zones
from csat.lib.refusal import Invalid, Problems
from csat.lib.text import one_line
from csat.people import addresses, logins, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact, Organization, Profile
from csat.people.permissions import Verb, role_may

NAME_LENGTH = 150
FOLLOW_UPS = "follow_ups"  # the mails that a person may switch off: follow-ups handed over to them
NOTIFICATIONS = (FOLLOW_UPS,)
READ_BY = {
    str(Profile.LandingPage.INBOX): Verb.READ_CONVERSATIONS,
    str(Profile.LandingPage.CONTACTS): Verb.READ_CONVERSATIONS,
    str(Profile.LandingPage.REPORTS): Verb.READ_REPORTS,
    str(Profile.LandingPage.MY_SCORES): Verb.READ_OWN_SCORES,
}


def profile_of(user: User) -> Profile:
    return Profile.objects.get_or_create(user=user)[0]


def zone_of(user: User) -> ZoneInfo:
    """The person's own time zone, else the organisation's."""
    names = (profile_of(user).timezone, Organization.current().timezone)
    return ZoneInfo(next((name for name in names if name in zones()), "UTC"))


def note_seen(user: User) -> Profile:
    """The caller decides how often; see LoginTimeMiddleware."""
    profile = profile_of(user)
    profile.change(last_seen_at=timezone.now())
    return profile


def landing_pages(role: str | None) -> list[str]:
    """Those that somebody of this role may open."""
    return [page for page, verb in READ_BY.items() if role_may(role, verb)]


def landing_page(user: User) -> str:
    """Where the person begins after the login: the inbox when their page is closed to them by now."""
    page = profile_of(user).landing_page
    return page if page in landing_pages(roles.role_of(user)) else str(Profile.LandingPage.INBOX)


def wants(user: User, notification: str) -> bool:
    return bool(profile_of(user).notifications.get(notification, True))


def name_of(user: User) -> str:
    return user.get_full_name() or user.get_username()


def set_name(user: User, name: str) -> None:
    """On the instance: the first word, and the rest. Raises Invalid."""
    name = one_line(name)
    if not name or len(name) > NAME_LENGTH:
        raise Invalid(_("Give a name of at most %(n)d characters.") % {"n": NAME_LENGTH})
    user.first_name, _blank, user.last_name = name.partition(" ")


@transaction.atomic
def change(
    user: User,
    *,
    name: str,
    language: str,
    zone: str,
    landing_page: str,
    phone: str,
    notifications: Mapping[str, bool],
) -> Profile:
    """What people change of themselves without a password. Raises Invalid."""
    profile, problems = profile_of(user), Problems()
    before = _as_audited(user, profile)
    with problems.of("name"):
        set_name(user, name)
    with problems.of("phone"):
        phone = addresses.phone(phone)
        if phone and phone != profile.phone:
            _check_is_no_customers(phone)
    if zone and zone not in zones():
        problems.add("timezone", _("Choose a time zone from the list."))
    if language and language not in settings.STAFF_LANGUAGES:
        problems.add("language", _("Choose a language from the list."))
    if landing_page not in landing_pages(roles.role_of(user)):
        problems.add("landing_page", _("Choose a page from the list."))
    problems.check()
    user.save(update_fields=["first_name", "last_name"])
    profile.change(
        language=language,
        timezone=zone,
        landing_page=landing_page,
        phone=phone,
        notifications={name: bool(notifications.get(name)) for name in NOTIFICATIONS},
    )
    after = _as_audited(user, profile)
    changed = [name for name in after if after[name] != before[name]]
    if changed:
        audit(
            roles.actor_of(user),
            AuditAction.PROFILE_CHANGED,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
            target=user,
        )
    return profile


def valid_email(email: str, *, besides: User | None = None) -> str:
    """The mail as it is stored. Raises Invalid for one that somebody else has, and for none."""
    try:
        email = addresses.email(email)
    except Invalid as refused:
        raise _invalid_email(refused.message) from None
    if not email:
        raise _invalid_email(_("Give an email address."))
    if logins.has_mail_of_another(besides or User(), email):
        raise _invalid_email(_("Somebody has an account with this email."))
    return email


def _invalid_email(text: str) -> Invalid:
    return Invalid(text, fields={"email": [text]})


def _check_is_no_customers(phone: str) -> None:
    """Raises Invalid: whose number a colleague enters is one of us, and not surveyed."""
    numbers = addresses.spellings(addresses.PHONE, phone)
    if Contact.objects.alive().filter(phone__in=numbers).exists():
        raise Invalid(_("A customer has this number. If it is yours, remove it from that contact first."))


def _as_audited(user: User, profile: Profile) -> dict[str, object]:
    return {
        "name": user.get_full_name(),
        "language": profile.language,
        "timezone": profile.timezone,
        "landing_page": str(profile.landing_page),
        "phone": profile.phone,
        "notifications": profile.notifications,
    }
