"""Refused: a "no" that a person may be told."""


class Refused(Exception):
    """A rule said no. `message` is for people; `fields` maps a field's name to what is wrong with it."""

    status = 409

    def __init__(self, message: str = "", *, fields: dict[str, list[str]] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = fields or {}


class Invalid(Refused):
    """What was given cannot be used; `fields` names it."""

    status = 422


class Missing(Refused):
    """There is no such thing, or not for this person."""

    status = 404
