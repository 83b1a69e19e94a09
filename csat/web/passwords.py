"""Passwords that anyone would try first on this site."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from csat.people.models import Brand
from csat.surveys.models import CsatSettings

LEAST = 4  # letters that no listed word accounts for
WORDS = {
    "admin",
    "administrator",
    "agent",
    "autumn",
    "change",
    "changeme",
    "csat",
    "customer",
    "default",
    "demo",
    "fall",
    "feedback",
    "guest",
    "hello",
    "helpdesk",
    "inbox",
    "letmein",
    "login",
    "manager",
    "maria",
    "pass",
    "passwd",
    "password",
    "passwort",
    "qwerty",
    "rating",
    "root",
    "satisfaction",
    "secret",
    "service",
    "spring",
    "staff",
    "summer",
    "support",
    "survey",
    "surveys",
    "team",
    "temp",
    "test",
    "user",
    "welcome",
    "winter",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
}
LOOKALIKES = str.maketrans("013457@$!€", "oieastasie")
PLACES = {"com", "net", "org", "www", "mail", "localhost", "example"}


class OwnNamesValidator:
    """Refuses the names of the product, the organisation and its site with a year or a sign (ASVS 6.2.11)."""

    def validate(self, password: str, user: object = None) -> None:
        text = password.casefold()
        words = sorted({*WORDS, *_own_names()}, key=len, reverse=True)
        if any(_is_made_of(words, spelling) for spelling in (text, text.translate(LOOKALIKES))):
            raise ValidationError(self.get_help_text(), code="password_own_names")

    def get_help_text(self) -> str:
        return _("Your password can't be the name of this product or organisation with a year or a sign.")


def _is_made_of(words: list[str], text: str) -> bool:
    """Whether listed words leave fewer than LEAST letters; digits and signs beside a word guard nothing."""
    letters = rest = "".join(char for char in text if char.isalpha())
    for word in words:
        rest = rest.replace(word, "")
    return len(rest) < len(letters) and len(rest) < LEAST


def _own_names() -> Iterator[str]:
    """Of the site, the sender of mails and the brands."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    brands = Brand.objects.values_list("name", flat=True)
    texts = (host, settings.DEFAULT_FROM_EMAIL, CsatSettings.current().brand_name, *brands)
    for name in re.findall(r"[^\W\d_]{3,}", " ".join(texts).casefold()):
        if name not in PLACES:
            yield name
