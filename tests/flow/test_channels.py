"""A conversation on every channel there is: the right message by the right way, and the right facts told."""

import pytest

from csat.channels.outbox import SandboxMessage
from csat.surveys.answers import widget_card
from csat.surveys.delivery import sending
from csat.surveys.models import Survey
from csat.timeline.models import Event
from tests.factories import make_resolved_session, switch_on
from tests.standins import slack

pytestmark = pytest.mark.django_db

# slug → (transport, medium, messages that go out, told at once)
WAYS = {
    "web": ("card", "card", 0, False),
    "email": ("sandbox", "email", 1, True),
    "phone_voice": ("sandbox", "sms", 1, True),
    "whatsapp": ("sandbox", "whatsapp", 1, True),
    "sms": ("sandbox", "sms", 1, True),
    "slack": ("sandbox", "slack", 1, True),
    "api": ("none", "none", 0, True),
    "web_voice": ("sandbox", "email", 1, True),
}


def told(survey: Survey) -> list[str]:
    return list(
        Event.objects.filter(session_id=survey.session_id, kind__startswith="csat")
        .order_by("id")
        .values_list("kind", flat=True)
    )


@pytest.mark.parametrize("channel", WAYS)
def test_each_channel_asks_by_its_own_way(channel):
    transport, medium, messages, at_once = WAYS[channel]
    switch_on()
    survey = make_resolved_session(channel).survey
    assert sending.send_due() == 1
    delivery = survey.deliveries.get()
    assert (delivery.transport, delivery.medium, delivery.state) == (transport, medium, "sent")
    assert SandboxMessage.objects.count() == messages
    assert told(survey) == (["csat.requested"] if at_once else [])


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_social_channels_are_never_surveyed(channel):
    switch_on()
    survey = make_resolved_session(channel).survey
    assert sending.send_due() == 0
    assert (survey.state, survey.skipped_by, survey.deliveries.count()) == ("skipped", "supported", 0)


@pytest.mark.parametrize("channel", ["instagram", "messenger"])
def test_a_social_session_in_the_widget_is_surveyed_as_web_chat(channel):
    switch_on("web")
    survey = make_resolved_session(channel, bridged_to_web=True).survey
    assert sending.send_due() == 1
    assert (survey.channel, survey.deliveries.get().transport) == ("web", "card")


def test_a_card_counts_as_requested_once_it_is_shown():
    switch_on("web")
    session = make_resolved_session("web")
    sending.send_due()
    assert widget_card.card_state(session).state == "due"
    assert widget_card.mark_shown(session.survey)
    assert not widget_card.mark_shown(session.survey)
    assert told(session.survey) == ["csat.requested"]


def test_the_api_channel_has_a_place_for_its_rating_address():
    switch_on("api")
    survey = make_resolved_session("api").survey
    sending.send_due()
    data = Event.objects.get(kind="csat.requested").data
    assert data["url"] == "{rating_url}"
    assert (data["origin"], data["delivered_via"], data["survey_id"]) == ("auto", "api", str(survey.uuid))


def test_no_other_channel_tells_its_rating_address():
    switch_on("email")
    make_resolved_session("email")
    sending.send_due()
    assert "url" not in Event.objects.get(kind="csat.requested").data


def test_a_thread_that_is_gone_leaves_nothing_in_the_channel_and_the_mail_takes_over(slack_server):
    """slack-go/slack#1571: Slack posts such a reply for the whole channel to see, and says ok."""
    switch_on()
    slack_server.gone.add(slack.THREAD)
    survey = make_resolved_session("slack", slack_channel=slack.CHANNEL, thread_ts=slack.THREAD).survey
    sending.send_due()
    sending.send_due()
    assert slack_server.messages == []
    states = list(survey.deliveries.order_by("id").values_list("medium", "state", "error_code"))
    assert states == [("slack", "failed", "thread_not_found"), ("email", "sent", "")]
