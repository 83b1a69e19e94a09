"""Templates can be read: no line too long, one element a line."""

import re
from pathlib import Path

import pytest

from tests.workers import ROOT

FOLDER = ROOT / "templates"
PAGES = sorted(
    str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.suffix in (".html", ".txt")
)
WIDTH = 140
BLOCKS = (
    "article|aside|dd|details|div|dl|dt|fieldset|footer|form|h1|h2|h3|header|li|main|nav|ol|option|p|section|select"
    "|table|tbody|td|th|thead|tr|ul"
)
SIBLINGS = re.compile(rf"</(?:{BLOCKS})>\s*<(?:{BLOCKS})\b")


def long_lines(source: str) -> list[str]:
    return [line for line in source.splitlines() if len(line) > WIDTH]


def crowded_lines(source: str) -> list[str]:
    """Lines on which one element ends and its sibling begins."""
    return [line for line in source.splitlines() if SIBLINGS.search(line)]


@pytest.mark.parametrize("name", PAGES)
def test_no_line_is_too_long(name: str) -> None:
    assert long_lines(Path(FOLDER, name).read_text()) == []


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".html")])
def test_one_element_a_line(name: str) -> None:
    assert crowded_lines(Path(FOLDER, name).read_text()) == []


def test_long_and_crowded_lines_would_be_seen() -> None:
    assert long_lines("x" * 141)
    assert not long_lines("x" * 140)
    assert crowded_lines("<dt>Email</dt><dd>ana@example.com</dd>")
    assert not crowded_lines('<p class="actions"><a class="button" href="/">Back</a></p>')


def bare_htmx(source: str) -> list[str]:
    """htmx attributes without the `data-` that makes them valid HTML."""
    return re.findall(r"(?<![\w-])(hx-[a-z-]+)=", source)


@pytest.mark.parametrize("name", [name for name in PAGES if name.endswith(".html")])
def test_htmx_attributes_are_valid_html(name: str) -> None:
    assert bare_htmx(Path(FOLDER, name).read_text()) == []


def test_a_bare_htmx_attribute_would_be_seen() -> None:
    assert bare_htmx('<p hx-get="/">') == ["hx-get"]
    assert not bare_htmx('<p data-hx-get="/" data-hx-disinherit="hx-params">')
