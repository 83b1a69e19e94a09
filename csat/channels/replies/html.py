"""A mail that has only an HTML form as plain text, up to what it quotes."""

import re
from html.parser import HTMLParser

LONGEST = 200_000
BREAKS = {"br", "p", "div", "li", "tr", "h1", "h2", "h3", "table"}
UNSEEN = {"head", "style", "script", "title"}
QUOTES = (
    "gmail_quote",
    "divrplyfwdmsg",
    "appendonsend",
    "yahoo_quoted",
    "moz-cite-prefix",
)  # how mail programs mark a quotation
# such as Word's <![if !supportLists]>: to HTML a comment, while Python's parser refuses most of them
MARKED = re.compile(r"<!\[[^>]*>?")


def to_text(page: str) -> str:
    reader = _Reader()
    reader.feed(MARKED.sub("", page[:LONGEST]))
    reader.close()
    return "".join(reader.said).replace("\xa0", " ").strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.unseen = 0
        self.quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = " ".join(value or "" for name, value in attrs if name in ("class", "id")).lower()
        self.quoted = self.quoted or tag == "blockquote" or any(mark in marks for mark in QUOTES)
        self.unseen += tag in UNSEEN
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        self.unseen -= tag in UNSEEN and self.unseen > 0
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self.unseen and not self.quoted:
            self.said.append(data.replace("\n", " "))

    def _break(self, tag: str) -> None:
        if tag in BREAKS and not self.quoted and self.said[-1:] != ["\n"]:
            self.said.append("\n")
