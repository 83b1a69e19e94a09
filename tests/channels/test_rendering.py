"""What a channel says, from its templates and in the customer's language."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.utils import translation
from django.utils.autoreload import file_changed

from csat.channels import rendering
from csat.channels.base import EXAMPLE, MessageContext
from tests.workers import ROOT

TEMPLATES = sorted(path for path in (ROOT / "templates" / "channels").rglob("*") if path.is_file())

CONTEXT = MessageContext(
    reference="r",
    survey_id="s",
    to="+49301",
    addresses=EXAMPLE,
    rate_url="https://x.example/r/T",
    unsubscribe_url="",
)


def test_the_customers_language_is_spoken_and_the_readers_comes_back() -> None:
    english = rendering.render("sms/message.txt", CONTEXT)
    german = rendering.render("sms/message.txt", replace(CONTEXT, language="de_AT"))
    assert english != german
    assert "https://x.example/r/T" in german
    assert translation.get_language() == "en"


def test_a_language_that_is_not_spoken_is_english() -> None:
    assert rendering.render("sms/message.txt", replace(CONTEXT, language="xx")) == rendering.render(
        "sms/message.txt", CONTEXT
    )


def test_the_next_customers_words_need_no_template() -> None:
    first = rendering.render("email/intro.txt", replace(CONTEXT, agent_name="Sam"))
    with patch.object(rendering, "full", side_effect=AssertionError):
        second = rendering.render("email/intro.txt", replace(CONTEXT, agent_name="Kim", to="+49302"))
    assert second == first.replace("Sam", "Kim")


def test_a_word_that_reads_like_a_place_stays_a_word() -> None:
    mark = rendering._mark("context.contact_name", query=False)
    assert rendering.render("web/message.txt", replace(CONTEXT, intro=mark, contact_name="Ana")) == mark


def test_a_template_that_is_changed_is_read_again(tmp_path: Path, settings: Any) -> None:
    before = rendering.render("web/message.txt", CONTEXT)
    changed = tmp_path / "channels" / "web" / "message.txt"
    changed.parent.mkdir(parents=True)
    changed.write_text("How was it?")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    assert rendering.render("web/message.txt", CONTEXT) == "How was it?" != before
    changed.write_text("How is it?")
    file_changed.send(sender=None, file_path=changed)
    assert rendering.render("web/message.txt", CONTEXT) == "How is it?"


def more_than_said(source: str) -> list[str]:
    """The tags that do more to a word than say it or ask whether there is one."""
    tags = [tag.strip() for tag in re.findall(r"\{[{%](.*?)[%}]\}", source)]
    return [
        tag
        for tag in tags
        if re.search(r"\|(?!safe\b|linebreaksbr\b)|^blocktranslate.* count ", tag)
        or (re.match(r"(el)?if ", tag) and not re.fullmatch(r"(el)?if [\w.]+", tag))
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_leave_words_as_they_are(path: Path) -> None:
    assert more_than_said(path.read_text()) == []


def test_more_than_saying_a_word_would_be_seen() -> None:
    for tag in (
        "{{ a|upper }}",
        "{% if a == b %}",
        "{% elif a|length > 3 %}",
        "{% blocktranslate count n=a %}",
    ):
        assert more_than_said(tag)
    assert not more_than_said("{% if context.intro %}{{ context.intro|safe }}{% endif %}")


@pytest.mark.parametrize(
    ("text", "cut"), [("12345", "12345"), ("123456", "1234…"), ("123  6", "123…"), ("", "")]
)
def test_an_ellipsis_stands_for_what_was_left_out(text: str, cut: str) -> None:
    assert rendering.truncate(text, 5) == cut


def test_the_face_is_added_to_the_link() -> None:
    assert rendering.rate_link("https://x.example/r/T", 4) == "https://x.example/r/T?score=4"
    assert rendering.rate_link("https://x.example/r/T?a=1", 4) == "https://x.example/r/T?a=1&score=4"
