"""Email: what the mail is made of, read as a mail program reads it."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.conf import settings as django_settings

from csat.channels.base import Brand, Message
from csat.lib.colour import contrast
from csat.scale import FACES
from tests.channels.asks import RATE_URL, UNSUBSCRIBE_URL, ask, composed

by_mail = pytest.mark.parametrize("kind", ["email", "web_voice"])
LANGUAGES = [code for code, _ in django_settings.LANGUAGES]


class Page(HTMLParser):
    """The mail's elements, and the text a reader hears."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def faces_of(message: Message) -> list[str]:
    return [str(link["href"]) for link in Page(message.html).all("a") if "score=" in str(link["href"])]


@by_mail
class TestBothMails:
    def test_five_plain_links_from_left_to_right(self, kind: str):
        assert faces_of(composed(kind)) == [f"{RATE_URL}?score={score}" for score in range(1, 6)]

    def test_the_plain_text_is_complete(self, kind: str):
        text = composed(kind).text
        for face in FACES:
            assert f"{face.emoji} {face.label}\n{RATE_URL}?score={face.score}" in text
        assert UNSUBSCRIBE_URL in text
        assert "#4521" in text

    def test_every_face_is_spoken(self, kind: str):
        titles = [
            link["title"] for link in Page(composed(kind).html).all("a") if "score=" in str(link["href"])
        ]
        assert titles == ["Terrible", "Poor", "Okay", "Good", "Excellent"]

    def test_no_form_no_script_no_picture_needed(self, kind: str):
        page = Page(composed(kind).html)
        for tag in ("form", "script", "img", "iframe", "link", "input"):
            assert page.all(tag) == []

    def test_tables_are_for_looks_only(self, kind: str):
        tables = Page(composed(kind).html).all("table")
        assert tables
        assert {table.get("role") for table in tables} == {"presentation"}

    def test_styles_are_inlined_and_those_for_the_dark_stay(self, kind: str):
        html = composed(kind).html
        assert all(link.get("style") for link in Page(html).all("a"))
        assert "prefers-color-scheme: dark" in html
        assert 'content="light dark"' in html

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_its_language_and_direction_and_stays_small(self, kind: str, language: str):
        message = composed(kind, language=language)
        page = Page(message.html)
        assert page.all("html")[0] == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}
        assert len(message.html.encode()) < 20_000

    def test_faces_stay_one_to_five_in_arabic(self, kind: str):
        message = composed(kind, language="ar")
        table = next(
            attributes
            for attributes in Page(message.html).all("table")
            if "faces" in str(attributes.get("class"))
        )
        assert table["dir"] == "ltr"
        assert faces_of(message) == [f"{RATE_URL}?score={score}" for score in range(1, 6)]

    def test_headers_are_those_of_an_automatic_mail(self, kind: str):
        headers = composed(kind).headers
        assert headers["Auto-Submitted"] == "auto-generated"
        assert headers["List-Unsubscribe"] == f"<{UNSUBSCRIBE_URL}>"
        assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    def test_the_message_id_is_made_from_the_delivery(self, kind: str, settings: Any):
        settings.DEFAULT_FROM_EMAIL = "Acme <support@acme.example>"
        assert composed(kind).headers["Message-ID"] == f"<{ask(kind).reference}@acme.example>"

    @pytest.mark.parametrize("known", ["abc@mail.example", "<abc@mail.example>", " <abc@mail.example>\r\n"])
    def test_joins_the_conversations_thread(self, kind: str, known: str):
        message = composed(kind, email_message_id=known, subject="Refund\r\nnot arrived")
        assert message.headers["In-Reply-To"] == message.headers["References"] == "<abc@mail.example>"
        assert message.subject == "Re: Refund not arrived"

    def test_does_not_pile_up_re(self, kind: str):
        assert composed(kind, email_message_id="a@b", subject="RE: Refund").subject == "RE: Refund"

    def test_starts_a_thread_of_its_own_otherwise(self, kind: str):
        message = composed(kind, subject="Refund")
        assert "In-Reply-To" not in message.headers
        assert "Acme Support" in message.subject

    def test_a_reminder_says_so(self, kind: str):
        assert composed(kind, reminder=True).subject.startswith("Reminder")

    def test_comes_from_the_brand_and_answers_go_where_it_says(self, kind: str, settings: Any):
        settings.DEFAULT_FROM_EMAIL = "Help <support@acme.example>"
        message = composed(kind, brand=Brand("Acme, Inc.", reply_to="care@acme.example"))
        assert message.sender == '"Acme, Inc." <support@acme.example>'
        assert message.headers["Reply-To"] == "care@acme.example"

    def test_without_a_brand_it_comes_from_the_installation(self, kind: str, settings: Any):
        settings.DEFAULT_FROM_EMAIL = "Help <support@acme.example>"
        assert composed(kind, brand=Brand()).sender == "Help <support@acme.example>"

    def test_what_people_write_stays_text(self, kind: str):
        nasty = '<img src=x onerror=alert(1)> & "quotes" {{ 1 }}'
        message = composed(kind, contact_name=nasty, agent_name=nasty, intro=nasty, brand=Brand(nasty))
        assert Page(message.html).all("img") == []
        assert nasty in message.text

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_a_custom_message_keeps_its_lines_in_every_mail_program(self, kind: str, end: str):
        """Outlook for Windows ignores white-space (HEPData/hepdata#405, palantir/asana_mailer#11)."""
        message = composed(kind, intro=f"first <b>{end}second{end}{end}third")
        assert ">first &lt;b&gt;<br>second<br><br>third</p>" in message.html
        assert "first <b>\nsecond\n\nthird" in message.text.replace(end, "\n")

    def test_nothing_with_a_meaning_stands_on_what_outlook_ignores(self, kind: str):
        html = composed(kind, intro="first\nsecond").html
        assert "white-space" not in html
        assert not [span for span in Page(html).all("span") if "display" in str(span.get("style"))]
        assert html.count("</span><br>") == len(FACES)  # the label under its face

    def test_a_logo_has_the_brands_name_for_those_without_pictures(self, kind: str):
        message = composed(kind, brand=Brand("Acme", logo_url="https://support.example.com/media/logo.png"))
        (logo,) = Page(message.html).all("img")
        assert logo["alt"] == "Acme"

    def test_an_odd_conversation_subject_is_cut(self, kind: str):
        assert len(composed(kind, email_message_id="a@b", subject="x" * 900).subject) <= 200


def test_the_follow_up_of_a_call_speaks_of_the_call():
    assert "call" in composed("web_voice").text
    assert "call" in composed("web_voice").html
    assert "call" not in composed("email").text


@pytest.mark.parametrize("color", ["#ffffff", "#000000", "#ffe600", "#2f5fd0", "#777777"])
def test_every_brand_colour_can_be_read(color: str):
    html = composed("email", brand=Brand("Acme", color)).html
    button = next(str(link["style"]) for link in Page(html).all("a") if link["href"] == RATE_URL)
    ink, paper = (
        re.search(r"(?<!-)color: ?(#\w{6})", button),
        re.search(r"background-color: ?(#\w{6})", button),
    )
    assert ink
    assert paper
    assert contrast(ink[1], paper[1]) >= 4.5
