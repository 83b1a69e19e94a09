"""Validators of settings that Django has none for."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.deconstruct import deconstructible
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


@deconstructible
class TextByLanguage:
    """{"default": "...", "<language>": "..."}, each text of at most `max_length` characters."""

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


def shipped_languages(value: object) -> None:
    """A list of languages that messages to customers are translated into."""
    codes = [code for code, _name in settings.LANGUAGES]
    if not isinstance(value, list) or any(code not in codes for code in value):
        raise ValidationError(choose_from(codes))


def choose_from(choices: Iterable[object]) -> Any:
    return format_lazy(
        gettext_lazy("Choose from: {choices}."), choices=", ".join(str(choice) for choice in choices)
    )
