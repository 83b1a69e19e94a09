"""Style sheets: one declaration a line, every colour in the tokens, no class that nothing wears."""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from tests.workers import ROOT

FOLDER = ROOT / "static" / "css"
SHEETS = sorted(path.name for path in FOLDER.glob("*.css"))
COLOURED = {
    "tokens.css": "where every colour is said",
    "admin.css": "fills the variables of Django's own style sheet, with its own light and dark",
}
COLOUR = re.compile(
    r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|hwb|lab|lch|oklab|oklch|light-dark)\((?![^)]*\bin\b)|\b(?:white|black)\b(?!-)"
)
ATTRIBUTE = re.compile(r"""(?:class|css)="((?:\{%.*?%\}|\{\{.*?\}\}|[^"])*)""")
NOT_OURS = {  # classes that others put on
    "htmx-request": "htmx, while it waits",
    "change-list": "Django's admin",
    "object-tools": "Django's admin",
    "shifted": "Django's admin",
    "filtered": "Django's admin",
}


def without_comments(source: str) -> str:
    return re.sub(r"/\*.*?\*/", "", source, flags=re.S)


def crowded_lines(source: str) -> list[str]:
    """Lines that hold more than one declaration, or a rule beside a declaration."""
    bare = re.sub(r'"[^"]*"', '""', without_comments(source))
    return [line for line in bare.splitlines() if len(re.findall(r"[;{}]", line)) > 1]


def coloured_lines(source: str) -> list[str]:
    """Declarations that say a colour themselves."""
    bare = re.sub(r'"[^"]*"', '""', without_comments(source))
    return [line.strip() for line in bare.splitlines() if line.endswith(";") and COLOUR.search(line)]


def classes(source: str) -> set[str]:
    bare = re.sub(r'"[^"]*"', "", without_comments(source))
    return {
        name
        for head in re.findall(r"([^{};]+)\{", bare)
        if "@" not in head
        for name in re.findall(r"\.([a-zA-Z_][\w-]*)", head)
    }


def wardrobe() -> str:
    """Every class attribute of a page, and what scripts and Python may put there."""
    pages = [
        found
        for path in (ROOT / "templates").rglob("*.html")
        for found in ATTRIBUTE.findall(path.read_text())
    ]
    code = [path.read_text() for folder in ("static/js", "csat/templatetags", "csat/web", "csat/admin")
            for path in (ROOT / folder).rglob("*") if path.suffix in (".js", ".py")]  # fmt: skip
    return "\n".join(pages + code)


def worn(name: str, text: str) -> bool:
    """Written as it is, or put together from its stem and a number: face-{}, shade-{{ cell.shade }}, s{{
    face.score }}.
    """
    stem = re.match(r"(.*?)\d+$", name)
    if stem and re.search(rf"(?<![\w-]){re.escape(stem[1])}\{{", text):
        return True
    return bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))


@pytest.mark.parametrize("name", SHEETS)
def test_one_declaration_a_line(name: str) -> None:
    assert crowded_lines(Path(FOLDER, name).read_text()) == []


@pytest.mark.parametrize("name", [name for name in SHEETS if name not in COLOURED])
def test_colours_are_said_in_the_tokens(name: str) -> None:
    assert coloured_lines(Path(FOLDER, name).read_text()) == []


@pytest.mark.parametrize("name", SHEETS)
def test_every_token_is_used_and_known(name: str) -> None:
    source = without_comments(Path(FOLDER, name).read_text())
    known = {
        token for sheet in SHEETS for token in re.findall(r"(--[\w-]+):", Path(FOLDER, sheet).read_text())
    }
    used = {
        token for sheet in SHEETS for token in re.findall(r"var\((--[\w-]+)", Path(FOLDER, sheet).read_text())
    }
    brand = {"--brand-on-light", "--brand-on-dark"}  # the team's own, from /brand-<digest>.css
    if name not in COLOURED:
        assert set(re.findall(r"var\((--[\w-]+)", source)) <= known | brand
    if name == "tokens.css":
        assert set(re.findall(r"(--[\w-]+):", source)) <= used


@pytest.mark.parametrize("name", SHEETS)
def test_every_class_is_worn(name: str) -> None:
    text = wardrobe()
    assert [
        one
        for one in sorted(classes(Path(FOLDER, name).read_text()))
        if one not in NOT_OURS and not worn(one, text)
    ] == []


@pytest.mark.parametrize("name", SHEETS)
def test_every_sheet_is_linked(name: str) -> None:
    assert any(f"css/{name}" in path.read_text() for path in (ROOT / "templates").rglob("*.html"))


def test_page_families_come_after_what_they_build_on() -> None:
    order = ["css/tokens.css", "css/base.css", "css/parts.css", "{{ brand.css }}", "{% block head %}"]
    places = [(ROOT / "templates/base.html").read_text().index(link) for link in order]
    assert all(first < second for first, second in pairwise(places))


def test_what_must_not_be_would_be_seen() -> None:
    assert crowded_lines(".a { color: red; top: 0; }")
    assert crowded_lines("  top: 0; left: 0;")
    assert coloured_lines("  color: #fff;")
    assert coloured_lines("  background: rgb(1 2 3);")
    assert not coloured_lines("  background: color-mix(in oklab, var(--ink) 7%, transparent);")
    assert classes('.a > .b:is(.c) { x: url("data.d"); } @media (x) { .e { } }') == {"a", "b", "c", "e"}
    assert worn("face-3", '"face face-{}"')
    assert worn("face-3", "face-{{ score }}")
    assert not worn("old", "bold old-fashioned")
