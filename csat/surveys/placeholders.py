"""`{name}` in texts written by staff: replaced from a fixed list, anything else stays as typed."""

import re

NAMES = ("contact_name", "agent_name", "ticket_number", "csat_link", "score", "comment")
_PATTERN = re.compile(r"\{(" + "|".join(NAMES) + r")\}")


def fill(text: str, **values: object) -> str:
    """The text with the given values in place. An empty value takes the space before it along ("Hi {contact_name}," → "Hi,")."""
    for name, value in values.items():
        if value in ("", None):
            text = re.sub(r" ?\{" + re.escape(name) + r"\}", "", text)
    return _PATTERN.sub(lambda found: str(values.get(found[1], found[0])), text)
