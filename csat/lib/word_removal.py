"""Taking somebody's words out of what was kept of them elsewhere: any JSON, any text."""

import re
from collections.abc import Collection
from typing import Any

LONG = 12  # characters: a shorter text may be somebody else's words by chance
OPENING, CLOSING = "\"'“”„«»‘’‚‹›「『", "\"'“”«»‘’‹›」』"


def without(value: Any, words: Collection[str], *, quoted: bool = False) -> Any:
    """The value without these texts. One that is the whole of a string goes always; within a longer string a
    long one does, and so does any that stands in quotation marks or is the whole of a line, as in the answer
    to a mail; with `quoted` any does. Never a part of another word.
    """
    if isinstance(value, str):
        return _removed(value, words, quoted=quoted)
    if isinstance(value, list):
        return [without(item, words, quoted=quoted) for item in value]
    if isinstance(value, dict):
        return {name: without(item, words, quoted=quoted) for name, item in value.items()}
    return value


def _removed(text: str, words: Collection[str], *, quoted: bool) -> str:
    for word in sorted(words, key=len, reverse=True):
        if text == word:
            return ""
        if not word or word.partition("\n")[0] not in text:
            continue
        exact = re.escape(word).replace("\\\n", r"\s*\n[> \t]*")  # a quoted mail marks each line
        if quoted or len(word) >= LONG:
            text = re.sub(rf"(?<!\w){exact}(?!\w)", "", text)
        text = re.sub(rf"(?<=[{OPENING}]){exact}(?=[{CLOSING}])", "", text)
        text = re.sub(rf"^([> \t]*){exact}[ \t]*$", r"\1", text, flags=re.MULTILINE)
    return text
