"""A text in several languages, one of which may be for all: {"default": "...", "<language>": "..."}."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext as _

from csat.lib import languages
from csat.lib.text import clean


@deconstructible
class TextByLanguage:
    """Validates such texts, each of at most `max_length` characters."""

    def __init__(self, max_length: int) -> None:
        self.max_length = max_length

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TextByLanguage) and self.max_length == other.max_length

    def __hash__(self) -> int:
        return hash(self.max_length)

    def __call__(self, value: object) -> None:
        if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
            raise ValidationError(_("Give an object of texts by language."))
        for code, text in value.items():
            if code != "default" and code not in dict(settings.LANGUAGES):
                raise ValidationError(_("There is no language %(code)s."), params={"code": code})
            MaxLengthValidator(self.max_length)(text)


def normalize(texts: dict[str, Any]) -> dict[str, Any]:
    """The same with the languages' names as we write them, and the texts clean."""
    return {
        "default" if code == "default" else languages.normalize(code, code): (
            clean(text) if isinstance(text, str) else text
        )
        for code, text in texts.items()
    }
