"""The token in a customer's link, whatever a program that made the link clickable has added to it."""

import re

TOKEN = re.compile("[0-9A-Za-z]*")


class LinkToken:
    """A path converter. Tokens are base62: what follows one belongs to the sentence around the link."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        found = TOKEN.match(value)
        return found[0] if found else ""

    def to_url(self, value: str) -> str:
        return value
