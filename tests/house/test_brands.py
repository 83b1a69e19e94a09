"""Nothing of one brand is in anything that a customer of another one gets, on any channel.

Two brands whose words occur nowhere else; every message and every page of a survey under each, from the first
to the last. A new channel is in it by being in the registry.
"""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from csat.channels import email, registry
from csat.channels.base import Channel, EventType, ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.outbox import SandboxMessage
from csat.people import brands
from csat.people.brands import DEFAULT
from csat.people.models import Brand
from csat.sessions.models import Session
from csat.surveys import links
from csat.surveys.answers import auto_reply
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery import message, preview, receipts, scheduling, sending
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.rules import brands as all_brands
from csat.timeline.models import Event
from csat.web import branding
from tests.api.callbacks.requests import TWILIO_TOKEN, reply
from tests.factories import API, make_contact, make_resolved_session, make_session, switch_on
from tests.pictures import jpeg, png
from tests.tokens import rate_token
from tests.workflows.builders import block, run_until_idle, workflow

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
WORDS = {DEFAULT: "Walrus", "zebra": "Zebra"}
COLOURS = {DEFAULT: "#13579b", "zebra": "#9b1357"}
LANGUAGES = ("en", "de")
every_channel = pytest.mark.parametrize("channel", registry.all(), ids=lambda channel: channel.kind)
each_brand = pytest.mark.parametrize("slug", WORDS)


@pytest.fixture(autouse=True)
def _two_brands(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.DEFAULT_FROM_EMAIL = "Walrus <walrus@walrus.example>"
    switch_on()
    all_brands.change_default(by=API, **_fields(DEFAULT), logo=ContentFile(png(2, 2), name="a.png"))
    sender = "Zebra Care <zebra@zebra.example>"
    logo = ContentFile(jpeg(3, 3), name="b.jpg")
    brands.create(by=API, slug="zebra", sender=sender, logo=logo, **_fields("zebra"))


def _fields(slug: str) -> dict[str, Any]:
    word = WORDS[slug]
    lines = {code: f"{word} {code} line, {{contact_name}}" for code in LANGUAGES}
    return {
        "name": f"{word} Inc",
        "color": COLOURS[slug],
        "reply_to": f"reply@{word.lower()}.example",
        "opening_line": lines,
    }


def brand(slug: str) -> Brand | CsatSettings:
    return CsatSettings.current() if slug == DEFAULT else Brand.objects.get(slug=slug)


def value(slug: str) -> Any:
    row = brand(slug)
    return row.brand if isinstance(row, CsatSettings) else row.value


def marks(slug: str) -> set[str]:
    """All that tells a brand: its word, its picture, its colour and what is made of it to be readable."""
    made = {*re.findall("#[0-9a-f]{6}", branding._css(COLOURS[slug])), *email._colours(COLOURS[slug])}
    colours = {COLOURS[slug], *made} - {email.INK, email.PAPER}
    picture = value(slug).logo_url.rpartition("/")[2]
    return {WORDS[slug].lower(), picture, *(colour.removeprefix("#").lower() for colour in colours)}


def check(text: str, slug: str, *, named: bool = True) -> None:
    """It is of this brand: it holds nothing of the other one."""
    [other] = WORDS.keys() - {slug}
    text = text.lower()
    found = {mark for mark in marks(other) - marks(slug) if mark in text}
    assert not found, (slug, found, text)
    assert not named or WORDS[slug].lower() in text, (slug, text)


def survey_of(slug: str, channel: Channel, **details: Any) -> Survey:
    contact = make_contact(custom_data={"pager": "4711"})
    session: Session = make_resolved_session(
        channel.kind, contact=contact, **brands.named(slug), **({"language": "de"} | details)
    )
    sending.send_due()
    return session.survey.again()


def sent() -> Iterator[str]:
    """Every message in the outbox, with its headers and all else that went to the provider."""
    for row in SandboxMessage.objects.order_by("id"):
        yield "\n".join([row.subject, row.text, row.html, json.dumps(row.data, ensure_ascii=False)])


def page(address: str, slug: str, *, status: int = 200, form: dict[str, Any] | None = None) -> str:
    """A page and its style sheets, which are of this brand."""
    client = Client()
    answer = client.get(address) if form is None else client.post(address, form, follow=True)
    assert answer.status_code == status, address
    html = answer.content.decode()
    headers = " ".join(f"{name}: {text}" for name, text in answer.items())
    check(headers + html, slug)
    sheets = re.findall(r'href="(/brand-[^"]+\.css)"', html)
    assert sheets, address
    for sheet in sheets:
        check(client.get(sheet).content.decode(), slug, named=False)
        assert COLOURS[slug] in client.get(sheet).content.decode()
    for picture in re.findall(r'src="(/media/[^"]+)"', html):
        assert client.get(picture).status_code == 200
    return html


@every_channel
@each_brand
class TestOnEveryChannel:
    def test_the_message_the_reminder_and_the_resend(self, channel: Channel, slug: str) -> None:
        survey = survey_of(slug, channel)
        assert survey.state == SurveyState.SENT
        scheduling.request(survey.session, by=API, origin="api", force=True)
        sending.send_due()
        messages = list(sent())
        assert bool(messages) != channel.silent
        for text in messages:
            check(text, slug)
            assert f"{WORDS[slug]} de line, Nadia Berg" in text

    def test_the_page_in_every_language_and_state(self, channel: Channel, slug: str) -> None:
        survey = survey_of(slug, channel)
        address = f"/r/{rate_token(survey)}"
        for language in LANGUAGES:
            assert f"{WORDS[slug]} {language} line" in page(f"{address}?lang={language}", slug)
        nonce = re.search(r'name="nonce" value="([^"]+)"', page(address, slug))
        assert nonce
        page(address, slug, form={"score": "3", "nonce": nonce[1]})  # asks to confirm
        page(address, slug, form={"score": "2", "nonce": nonce[1], "gesture": "1"})  # asks why
        page(f"{address}?change=1", slug)
        survey.change(state=SurveyState.EXPIRED)
        page(address, slug, status=410)
        survey.change(state=SurveyState.CANCELLED)
        page(address, slug, status=410)

    def test_stop_asking_me(self, channel: Channel, slug: str) -> None:
        address = links.unsubscribe_url(survey_of(slug, channel).session)
        address = address.removeprefix("http://127.0.0.1:8000")
        page(address, slug)
        page(address, slug, form={"stop": "1"})
        page(address, slug, form={"List-Unsubscribe": "One-Click"})

    def test_preview_test_and_their_pages(self, channel: Channel, slug: str) -> None:
        for language in LANGUAGES:
            message = preview.preview(channel.kind, language=language, brand=value(slug))
            check(str(message), slug)
            assert f"{WORDS[slug]} {language} line" in message.text
        if channel.test_field:
            to = "me@acme.example" if channel.test_field.type == "email" else channel.example("", "en")[0]
            preview.send_test(channel.kind, to=to, by=API, brand=value(slug))
            [text] = sent()
            check(text, slug)
        for address in links.example_urls(value(slug)):
            page(address.removeprefix("http://127.0.0.1:8000"), slug)

    def test_a_brand_without_a_line_has_the_channels_own(self, channel: Channel, slug: str) -> None:
        row = brand(slug)
        nothing = dict.fromkeys(LANGUAGES, "")
        if isinstance(row, CsatSettings):
            all_brands.change_default(by=API, opening_line=nothing)
        else:
            brands.change(row, by=API, opening_line=nothing)
        message = preview.preview(channel.kind, brand=value(slug))
        check(str(message), slug, named=False)
        assert " line, " not in message.text

    def test_words_in_between(self, channel: Channel, slug: str) -> None:
        """What a workflow writes to the customer comes from the same sender."""
        if channel.speaks_as:
            via = registry.get(channel.speaks_as)
            check(str(via.plain("nadia@customer.example", "Hello", brand=value(slug))), slug, named=False)


@each_brand
def test_the_next_channel_when_one_fails(slug: str) -> None:
    survey = survey_of(slug, registry.get("sms"))
    SandboxMessage.objects.all().delete()
    lost = ProviderEvent(EventType.FAILED, reference=str(survey.deliveries.get().uuid), code="30006")
    receipts.apply(lost)
    sending.send_due()
    hops = list(sent())
    assert hops
    for text in hops:
        check(text, slug)


@each_brand
def test_the_card_in_the_chat(slug: str) -> None:
    session = survey_of(slug, registry.get("web")).session
    address = f"/widget/card/{links.widget_token(session)[0]}"
    assert f"{WORDS[slug]} de line" in page(address, slug)
    page(address, slug, form={"score": "5"})
    page(address, slug, form={"score": "1"})
    session.survey.change(state=SurveyState.CANCELLED)
    page(address, slug, status=410)


@each_brand
def test_the_automatic_reply_to_a_mail(slug: str) -> None:
    survey = survey_of(slug, registry.get("email"))
    SandboxMessage.objects.all().delete()
    delivery = survey.deliveries.get(state=DeliveryState.SENT)
    auto_reply.handle_email(
        ProviderEvent(
            EventType.REPLIED, medium=Medium.EMAIL, address=delivery.address, text="5",
            thread=(f"{delivery.uuid}@walrus.example",), event_id="m1",
        )
    )  # fmt: skip
    event = Event.objects.get(kind="csat.submitted")
    assert auto_reply.send_auto_reply(event.pk)
    [text] = sent()
    check(text, slug)


@every_channel
def test_the_previews_of_the_settings(channel: Channel, manager: Client) -> None:
    typed = {"name": "Zebra Ltd", "color": COLOURS["zebra"], "preview_channel": channel.kind}
    address = reverse("settings-brand-preview-of", args=[Brand.objects.get().uuid])
    shown = manager.post(address, typed | {"message_default": "Zebra typed"}, headers={"HX-Request": "true"})
    html = shown.content.decode()
    check(html, "zebra", named=channel.medium != Medium.NONE)
    if page_of_mail := re.search(r'iframe src="([^"]+)"', html):
        mail = manager.get(unescape(page_of_mail[1])).content.decode()
        check(mail, "zebra")
        assert "Zebra Ltd" in mail


@each_brand
def test_the_answer_to_help(slug: str, settings: Any) -> None:
    survey = survey_of(slug, registry.get("sms"))
    settings.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
    check(reply(survey.deliveries.get(), "HELP").content.decode(), slug)


@each_brand
def test_the_outbox_says_who_writes_in_slack(slug: str, manager: Client) -> None:
    survey = survey_of(slug, registry.get("slack"))
    message = SandboxMessage.objects.get(reference=survey.deliveries.get().uuid)
    shown = manager.get(reverse("outbox-message", args=[message.uuid])).content.decode()
    assert f'<span class="strong">{WORDS[slug]} Inc</span>' in shown


@each_brand
def test_a_workflow_writes_under_it(slug: str) -> None:
    workflow(block("send_message", text="Hello"), trigger="ticket-resolved")
    make_resolved_session("email", ask=False, **brands.named(slug))
    run_until_idle()
    [text] = sent()
    check(text, slug)


def test_a_batch_of_both_brands_is_built_by_as_many_queries_as_one(
    django_assert_max_num_queries: Any,
) -> None:
    def due(number: int) -> list[Delivery]:
        for slug in [*WORDS] * number:
            make_resolved_session("email", **brands.named(slug))
        return sending.claim(Delivery.objects.filter(state=DeliveryState.DUE), 100)

    few, many = due(1), due(10)
    with CaptureQueriesContext(connection) as asked:
        message.build_many(few, CsatSettings.current())
    with django_assert_max_num_queries(len(asked)):
        contexts = message.build_many(many, CsatSettings.current())
    assert {context.brand.name for context in contexts} == {"Walrus Inc", "Zebra Inc"}


def test_staff_see_under_which_brand_a_conversation_is(agent: Client) -> None:
    for slug, shown in (("zebra", True), (DEFAULT, False)):
        session = make_session(**brands.named(slug))
        page_of_it = agent.get(reverse("session", args=[session.uuid])).content.decode()
        assert ("<dd>Zebra Inc</dd>" in page_of_it) == shown
