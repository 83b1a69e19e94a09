"""Refused: a "no" that a person may be told."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):
    """A rule said no. `message` is for people; `fields` maps a field's name to what is wrong with it."""

    status = 409

    def __init__(self, message: str = "", *, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}

    @property
    def words(self) -> str:
        """The message, or where fields are named what is wrong with each, its name in front."""
        return by_field(self.fields) or self.message


class Invalid(Refused):
    """What was given cannot be used; `fields` names it."""

    status = 422


class Missing(Refused):
    """There is no such thing, or not for this person."""

    status = 404


def by_field(fields: dict[str, list[str]]) -> str:
    return " ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items())


class Problems:
    """Collects what is wrong with several fields, to tell all of it at once."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}

    def add(self, field: str, message: str) -> None:
        self.fields.setdefault(field, []).append(message)

    @contextmanager
    def of(self, field: str) -> Iterator[None]:
        """An Invalid raised inside is noted under this field's name."""
        try:
            yield
        except Invalid as refused:
            self.add(field, refused.message)

    def check(self) -> None:
        """Raise Invalid when there was any."""
        if self.fields:
            raise Invalid(by_field(self.fields), fields=self.fields)
