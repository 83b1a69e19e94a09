"""Languages and the team's own words."""

import pytest

from csat.people.models import Organization
from csat.sessions import resolving
from csat.surveys.delivery import message, sending
from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from tests.factories import API, make_agent, make_contact, make_session, switch_on

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("session", "contact", "installation", "allowed", "chosen"),
    [
        ("de", "fr", "en", [], "de"),  # session first
        ("", "fr", "en", [], "fr"),  # then the contact
        ("", "", "ar", [], "ar"),  # then the installation
        ("pt", "", "en", [], "pt-br"),
        ("zh-CN", "", "en", [], "zh-hans"),
        ("tlh", "fr", "en", [], "fr"),  # unknown: as if not given
        ("tlh", "", "de", [], "de"),
        ("nb", "", "de", [], "de"),  # known by name, but spoken by no page
        ("de", "fr", "en", ["fr", "en"], "fr"),  # not offered: the next wish
        ("de", "", "en", ["fr", "en"], "en"),
        ("de", "", "it", ["fr", "en"], "fr"),  # not even the installation's: the first offered
    ],
)
def test_the_language_of_a_survey(session, contact, installation, allowed, chosen):
    Organization.current().change(language=installation)
    row = make_session(contact=make_contact(language=contact), language=session)
    assert message.language_for(row, CsatSettings(languages=allowed)) == chosen


@pytest.mark.parametrize("channel", ["email", "sms", "phone_voice", "web_voice", "slack"])
def test_the_custom_message_replaces_the_intro_on_every_channel_in_its_language(channel, provider):
    sent = provider(channel)
    switch_on(
        channel,
        custom_message={
            "default": "How did {agent_name} do, {contact_name}?",
            "de": "Wie war {agent_name} (#{ticket_number})?",
        },
    )
    german = make_session(channel, language="de", assignee=make_agent("Sam"))
    english = make_session(channel, language="fr", assignee=make_agent("Sam"))
    for session in (german, english):
        resolving.resolve(session, by=API)
    sending.send_due()
    assert f"Wie war Sam (#{german.pk})?" in sent.taken[0].text
    assert "How did Sam do, Nadia Berg?" in sent.taken[1].text


def test_without_an_agent_the_brand_speaks():
    settings.change(by=API, brand_name="Acme", custom_message={"default": "How was {agent_name}?"})
    brand = CsatSettings.current().brand
    words = message.intro(brand, language="en", contact_name="", agent_name="", ticket_number=1)
    assert words == "How was Acme?"


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {contact_name}!", "Hi Ana!"),
        ("Ticket {ticket_number}, {ticket_number}", "Ticket 7, 7"),
        (
            "{unknown} {settings.SECRET_KEY} {0} {} {{contact_name}}",
            "{unknown} {settings.SECRET_KEY} {0} {} {Ana}",
        ),
        ("{contact_name.__class__}", "{contact_name.__class__}"),
        ("100 % {", "100 % {"),
        ("{comment}", "{agent_name}"),  # what a customer wrote is not filled in again
    ],
)
def test_placeholders_are_replaced_from_a_fixed_list(text, filled):
    assert (
        message.fill(text, contact_name="Ana", ticket_number=7, comment="{agent_name}", agent_name="Sam")
        == filled
    )


@pytest.mark.parametrize("channel", ["email", "sms", "whatsapp"])
def test_a_name_that_is_an_advertisement_is_not_greeted(channel: str, provider) -> None:
    """otterwiki#235, theyworkforyou#1603, forem#21421"""
    sent = provider(channel)
    switch_on(custom_message={"default": "Hi {contact_name}, how was your chat?"})
    ann = make_contact(name="You won 5000 EUR! claim at https://evil.example/x")
    resolving.resolve(make_session(channel, contact=ann), by=API)
    sending.send_due()
    assert "evil" not in f"{sent.taken[0].text}{sent.taken[0].html}{sent.taken[0].content_variables}"


def test_a_name_ends_where_it_ends(provider) -> None:
    """mastodon#1095: an override in a name turned the rest of the message round."""
    sent = provider("sms")
    switch_on(custom_message={"default": "Hi {contact_name}, how was your chat?"})
    ann = make_contact()
    ann.change(name="Ann\u202e")  # stored before such names were cleaned
    resolving.resolve(make_session("sms", contact=ann), by=API)
    sending.send_due()
    assert "Hi Ann, how was your chat? http" in sent.taken[0].text


def test_a_missing_name_leaves_no_gap():
    assert message.fill("Hi {contact_name}, how was it?", contact_name="") == "Hi, how was it?"
