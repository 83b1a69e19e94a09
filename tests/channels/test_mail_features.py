"""Every element, attribute, property, selector and rule of our HTML mails is understood by Apple Mail, Gmail
and Outlook, or nothing is lost where it is not.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.utils import timezone
from lxml import html as parser

from csat.subscriptions import digest_words
from csat.surveys.models import Score
from tests.channels.asks import composed
from tests.subscriptions.rated import rate
from tests.subscriptions.test_digest_words import CONTENTS, STOP, URL

TABLE = Path(__file__).with_name("mail_features.txt")
SUPPORT = dict(line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#"))
HTML_MAILS = {"channels/email/message.html", "digests/mail.html"}
# names of ours that are not the table's; None: as old as HTML, in every program
ELEMENTS = {
    **dict.fromkeys(("html", "head", "meta", "title", "br", "tbody", "tr", "td")),
    "a": "anchor-links", "h1": "h1-h6", "h2": "h1-h6",
}  # fmt: skip
ATTRIBUTES = {
    **dict.fromkeys(
        ("style", "class", "href", "src", "alt", "title", "border", "charset", "name", "content")
    ),
}
PROPERTIES = {
    **dict.fromkeys(("color",)),
    "font-family": "font", "border-top": "border", "border-top-color": "border",
}  # fmt: skip
RULES = {"max-width": "at-media", "prefers-color-scheme": "at-media-prefers-color-scheme"}
LOST = {  # where a program does not know it
    "css-at-media": "faces and gaps are as large on a phone as elsewhere",
    "css-at-media-prefers-color-scheme": "Gmail and Outlook darken mails themselves",
    "html-meta-color-scheme": "the same",
    "css-border-radius": "corners are square",
    "css-overflow-wrap": "word-break stands beside it",
    "css-table-layout": "each cell has its width",
    "css-white-space": "a number may be broken in two",
    "html-anchor-links": "links lead to pages, not to a place in the mail",
    "html-doctype": "the mail is shown in a page of theirs",
    "html-body": "its colour stands at the table in it, too",
}


@pytest.fixture(params=["digest", "survey", "survey from the right"])
def mail(request: pytest.FixtureRequest, db: None) -> str:
    if request.param == "digest":
        rate(1, "The parcel never arrived", at=timezone.now())
        rated = tuple(Score.objects.select_related("session", "agent"))
        contents = replace(CONTENTS, words=rated, waiting=rated, target=85, teams="Care")
        return digest_words.mail(contents, url=URL, stop_url=STOP, rhythm="Every week").html
    return composed("email", language="ar" if "right" in request.param else "en").html


def used(mail: str) -> Iterator[str]:
    """The features of a mail, by the table's names."""
    for element in parser.document_fromstring(mail).iter():
        tag = str(element.tag)
        if (name := ELEMENTS.get(tag, tag)) is not None:
            yield f"html-{name}"
        for attribute in element.attrib:
            if (name := ATTRIBUTES.get(str(attribute), str(attribute))) is not None:
                yield f"html-{name}"
        yield from declared(element.get("style", ""))
    for sheet in re.findall(r"<style>(.*?)</style>", mail, re.DOTALL):
        yield from ruled(sheet)
    if '<meta name="color-scheme"' in mail:
        yield "html-meta-color-scheme"


def ruled(sheet: str) -> Iterator[str]:
    for rule in re.findall(r"@media \(([\w-]+)", sheet):
        yield f"css-{RULES[rule]}"
    assert not re.search(r"@(?!media)", sheet)
    for selector, declarations in re.findall(r"([^{}@]+)\{([^{}]*)\}", re.sub(r"@media [^{]+\{", "", sheet)):
        for one in selector.split(","):
            assert re.fullmatch(r"(\.?[\w-]+)( \.?[\w-]+)?", one.strip()), one
            yield "css-selector-class" if "." in one else "css-selector-type"
            if " " in one.strip():
                yield "css-selector-descendant"
        yield from ["css-selector-grouping"] if "," in selector else []
        yield from declared(declarations)


def declared(declarations: str) -> Iterator[str]:
    for declaration in filter(str.strip, declarations.split(";")):
        name, _colon, value = map(str.strip, declaration.partition(":"))
        if (known := PROPERTIES.get(name, name)) is not None:
            yield f"css-{known}"
        yield from ["css-important"] if "!important" in value else []
        for unit in re.findall(r"\d(px|%|[a-z]+)\b", re.sub(r"#[0-9a-f]+|\"[^\"]*\"", "", value)):
            yield {"%": "css-unit-percent"}.get(unit, f"css-unit-{unit}")


def test_what_is_used_is_in_the_table(mail: str) -> None:
    assert set(used(mail)) - SUPPORT.keys() == set()


def test_what_a_program_does_not_know_is_lost_without_harm(mail: str) -> None:
    missing = {name for name in used(mail) if not set(SUPPORT[name]) <= {"y", "a"}}
    assert missing - LOST.keys() == set()


def test_styles_stand_at_the_elements_for_programs_without_a_head(mail: str) -> None:
    """But for the night and small screens, which cannot."""
    (sheet,) = re.findall(r"<style>(.*?)</style>", mail, re.DOTALL) or [""]
    plain = re.sub(r"@media [^{]+\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", sheet)
    assert plain.strip() == "", "these rules were not inlined"


def test_words_break_where_a_program_does_not_know_overflow_wrap(mail: str) -> None:
    for element in parser.document_fromstring(mail).iter():
        style = element.get("style", "")
        assert ("overflow-wrap" in style) == ("word-break" in style), style


def test_the_night_has_a_colour_for_all_that_has_one_by_day(mail: str) -> None:
    """So that nothing dark is left on dark."""
    night = mail.split("prefers-color-scheme: dark")[1].split("</style>")[0]
    rules = {
        selector.strip()
        for selectors, declarations in re.findall(r"([^{}]+)\{([^{}]*)\}", night.partition("{")[2])
        for selector in selectors.split(",")
        if re.search(r"(?<!-)color:", declarations)
    }
    for element in parser.document_fromstring(mail).body.iter():
        style = re.sub(r"[\w-]+-color", "", element.get("style", ""))
        if re.search(r"(?<![\w-])color:", style) and "bar" not in (classes := element.get("class", "")):
            inside = [str(up.get("class", "")) for up in element.iterancestors()]
            names = {f".{classes}", *(f".{outer} {element.tag}" for outer in inside if outer)}
            on_its_own_ground = "background-color" in element.get("style", "")
            assert names & rules or on_its_own_ground, (element.tag, classes, rules)


def test_emoji_alone_are_set_in_the_font_of_emoji(mail: str) -> None:
    """It draws digits, too: wide, and black on black."""
    for element in parser.document_fromstring(mail).iter():
        if "Color Emoji" in element.get("style", ""):
            assert not re.search(r"[0-9a-z]", element.text_content()), element.text_content()


def test_every_template_of_a_mail_is_tried_here() -> None:
    folder = Path(__file__).parents[2] / "templates"
    mails = {
        str(path.relative_to(folder)) for path in folder.rglob("*.html") if "cellpadding" in path.read_text()
    }
    assert mails == HTML_MAILS
