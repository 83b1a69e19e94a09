"""Text as it may be stored: no NUL, no half characters, names on one line."""

import re
import unicodedata
from typing import Any

UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def one_line(text: str) -> str:
    """Control characters and runs of white space become one blank: nothing that could end a header line is left."""
    blank = "".join(" " if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char for char in text)
    return " ".join(blank.split())


def clean(text: str) -> str:
    """Many lines are fine; what a database refuses to keep (NUL, lone surrogates) is left out."""
    return UNSAFE.sub("", text).strip()


def clean_json(value: Any) -> Any:
    """The same for every string in a JSON value, keys included."""
    if isinstance(value, str):
        return UNSAFE.sub("", value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean_json(str(key)): clean_json(item) for key, item in value.items()}
    return value
