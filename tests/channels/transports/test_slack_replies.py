"""What Slack shows after a press, as its own rules allow it."""

import json

import pytest
from django.conf import settings

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.replies import confirmations
from csat.channels.transports import slack, slack_replies
from csat.lib.outcomes import Outcome
from tests.channels.asks import ask, composed
from tests.standins import blocks
from tests.standins.slack import SlackServer, error

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.fixture
def server(slack_server: SlackServer) -> SlackServer:
    registry.get("slack").send(composed("slack"))
    return slack_server


def pressed(server: SlackServer, score: int, user: str = "U0ANA") -> ProviderEvent:
    body, _ = server.press(server.messages[0], score, user=user)
    (update,) = slack.read(body)
    return update


def styles(server: SlackServer) -> list[str | None]:
    return [face.get("style") for face in server.messages[0]["blocks"][1]["elements"]]


def test_the_choice_is_shown_under_the_faces(server: SlackServer):
    slack_replies.show_choice(pressed(server, 4), score=4, language="en")
    assert styles(server) == [None, None, None, "primary", None]
    assert (
        server.messages[0]["blocks"][-2]["elements"][0]["text"]
        == "You chose 🙂 Good. Press another face to change it."
    )
    assert server.problems == []


def test_a_second_press_moves_the_mark_and_leaves_one_line(server: SlackServer):
    for score in (4, 2):
        slack_replies.show_choice(pressed(server, score), score=score, language="en")
    assert styles(server) == [None, "primary", None, None, None]
    assert [block.get("block_id") for block in server.messages[0]["blocks"]].count("csat_choice") == 1


@pytest.mark.parametrize(
    ("score", "words"),
    [(2, "What went wrong?"), (3, "What could we have done better?"), (5, "What did you like?")],
)
def test_each_score_is_asked_in_its_own_words(score: int, words: str, server: SlackServer):
    slack_replies.ask_comment(pressed(server, score), score=score, language="en")
    assert server.views[0]["blocks"][0]["label"]["text"] == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_comment_is_asked_for_in_a_box_that_may_be_closed(language: str, server: SlackServer):
    slack_replies.ask_comment(pressed(server, 1), score=1, language=language)
    (view,) = server.views
    assert not blocks.wrong(view["blocks"])
    assert view["blocks"][0]["optional"]
    assert json.loads(view["private_metadata"])["reference"] == ask("slack").reference
    assert server.problems == []


def test_a_comment_handed_in_finds_its_survey(server: SlackServer):
    slack_replies.ask_comment(pressed(server, 2), score=2, language="en")
    body, headers = server.submit(server.views[0], "Too slow")
    assert slack.verify(headers, body)
    (update,) = slack.read(body)
    assert (update.type, update.text, update.user) == (EventType.COMMENTED, "Too slow", "U0ANA")
    assert (update.reference, update.survey_id) == (ask("slack").reference, ask("slack").survey_id)


def test_a_box_closed_empty_is_an_empty_comment(server: SlackServer):
    slack_replies.ask_comment(pressed(server, 2), score=2, language="en")
    (update,) = slack.read(server.submit(server.views[0], None)[0])
    assert update.text == ""


def test_another_persons_press_is_answered_to_that_person_alone(server: SlackServer):
    slack_replies.whisper(pressed(server, 5, user="U0BOB"), confirmations.not_for_you(language="en"))
    (word,) = server.ephemeral
    assert (word["user"], word["thread_ts"]) == ("U0BOB", ask("slack").addresses.thread_ts)


def test_trouble_is_an_outcome_like_any_other(server: SlackServer):
    server.behave(error("expired_trigger_id"))
    with pytest.raises(Outcome):
        slack_replies.ask_comment(pressed(server, 1), score=1, language="en")
