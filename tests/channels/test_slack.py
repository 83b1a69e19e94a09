"""Slack: messages pass the published block rules, answers become outcomes,
presses are believed when signed."""

import json
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from csat.channels import registry
from csat.channels.base import CANNOT_TELL, Addresses, EventType, ProviderEvent, Receipt
from csat.channels.slack import escaped
from csat.channels.transports import slack
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from tests.channels.asks import RATE_URL, ask, composed
from tests.standins import blocks
from tests.standins.server import Reply
from tests.standins.slack import CHANNEL, THREAD, SlackServer, busy, error


def send(**changes: Any) -> Receipt:
    return registry.get("slack").send(composed("slack", **changes))


def refused(**changes: Any) -> Outcome:
    with pytest.raises(Outcome) as caught:
        send(**changes)
    return caught.value


class TestMessage:
    def test_lands_in_the_thread_with_nothing_malformed(self, slack_server: SlackServer):
        receipt = send()
        (posted,) = slack_server.messages
        assert (posted["channel"], posted["thread_ts"]) == (CHANNEL, THREAD)
        assert (receipt.provider_id, receipt.transport) == (posted["ts"], "slack")
        assert slack_server.problems == []

    def test_has_five_faces_in_order_a_link_and_the_same_in_text(self, slack_server: SlackServer):
        send()
        (posted,) = slack_server.messages
        faces = posted["blocks"][1]["elements"]
        assert [face["text"]["text"][0] for face in faces] == ["😡", "😞", "😐", "🙂", "😍"]
        assert posted["blocks"][2]["elements"][0]["url"] == RATE_URL
        assert f"<{RATE_URL}|" in posted["text"]

    def test_escapes_what_people_write(self, slack_server: SlackServer):
        send(intro="<!channel> Q&A: 1 > 0 <https://evil.example|click>", agent_name="<@U1>")
        assert slack_server.problems == []
        assert slack_server.messages[0]["blocks"][0]["text"]["text"].startswith(
            "&lt;!channel&gt; Q&amp;A: 1 &gt; 0"
        )

    def test_stays_within_every_limit(self, slack_server: SlackServer):
        send(intro="é" * 9000)
        assert slack_server.problems == []
        assert RATE_URL in slack_server.messages[0]["text"]

    def test_a_cut_never_splits_an_entity(self):
        for length in range(595, 605):
            message = composed("slack", intro="x" * (length % 5) + "&" * length)
            assert not blocks.wrong(list(message.blocks))

    @pytest.mark.parametrize("language", ["ar", "de", "ja", "pt-br", "zh-hans"])
    def test_keeps_the_rules_in_other_languages(self, language: str, slack_server: SlackServer):
        send(language=language)
        assert slack_server.problems == []

    def test_needs_channel_and_thread(self):
        assert registry.get("slack").address(Addresses(slack_channel="C1")) is None
        assert registry.get("slack").address(Addresses(thread_ts="1.2")) is None


class TestOutcomes:
    @pytest.mark.parametrize(
        "word",
        [
            "channel_not_found",
            "not_in_channel",
            "is_archived",
            "msg_too_long",
            "no_text",
            "invalid_blocks",
            "restricted_action",
        ],
    )
    def test_what_never_works_is_not_tried_again(self, word: str, slack_server: SlackServer):
        slack_server.behave(error(word))
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.code, outcome.account) == (word, False)

    @pytest.mark.parametrize(
        "word", ["invalid_auth", "not_authed", "account_inactive", "token_revoked", "missing_scope"]
    )
    def test_a_broken_account_stops_the_channel(self, word: str, slack_server: SlackServer):
        slack_server.behave(error(word))
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.account

    def test_the_wrong_token_is_a_broken_account(self, slack_server: SlackServer, settings: Any):
        settings.SLACK_BOT_TOKEN = "xoxb-wrong"
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.account

    def test_too_fast_waits_as_long_as_asked(self, slack_server: SlackServer):
        slack_server.behave(busy())
        outcome = refused()
        assert isinstance(outcome, Retry)
        assert outcome.after == 11

    @pytest.mark.parametrize(
        "how", ["refuse", "cut", error("internal_error"), error("fatal_error"), error("oops", status=503)]
    )
    def test_whatever_else_goes_wrong_is_unknown(self, how: Any, slack_server: SlackServer):
        slack_server.behave(how)
        assert isinstance(refused(), Unknown)

    def test_a_cut_connection_is_one_post_not_two(self, slack_server: SlackServer):
        slack_server.behave("cut")
        refused()
        assert len(slack_server.messages) == 1

    def test_an_answer_that_comes_too_late_is_unknown(
        self, slack_server: SlackServer, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(slack, "SECONDS", 0.3)
        slack_server.behave("slow")
        assert isinstance(refused(), Unknown)

    def test_nobody_there_is_certainly_not_sent(self, slack_server: SlackServer, settings: Any):
        settings.SLACK_API_BASE = "http://127.0.0.1:1/api/"
        assert isinstance(refused(), Retry)


class TestAnOkThatIsNotWhatWasAskedFor:
    """slack-go/slack#1571: a reply to a thread whose first message was deleted stands in the channel."""

    def test_a_post_outside_its_thread_is_deleted_and_never_tried_again(self, slack_server: SlackServer):
        slack_server.gone.add(THREAD)
        outcome = refused()
        assert isinstance(outcome, Never)
        assert (outcome.code, outcome.account, outcome.suppress) == ("thread_not_found", False, False)
        assert slack_server.messages == []
        assert slack_server.problems == []

    def test_one_in_another_channel_is_too(self, slack_server: SlackServer):
        elsewhere = {"channel": "C0GONE0001", "ts": "1700000001.000100", "message": {"thread_ts": THREAD}}
        slack_server.behave(Reply(200, {"ok": True, **elsewhere}))
        outcome = refused()
        assert isinstance(outcome, Never)
        assert outcome.code == "channel_not_found"

    def test_one_that_cannot_be_deleted_says_so(self, slack_server: SlackServer):
        stray = {"channel": CHANNEL, "ts": "1700000001.000100", "message": {"ts": "1700000001.000100"}}
        slack_server.behave(Reply(200, {"ok": True, **stray}), error("cant_delete_message"))
        assert "where it still stands: Slack rejected the message: cant_delete_message" in refused().text

    def test_one_whose_answer_was_lost_is_found_in_the_channel_and_deleted(self, slack_server: SlackServer):
        slack_server.gone.add(THREAD)
        slack_server.behave("cut")
        refused()
        assert len(slack_server.messages) == 1
        with pytest.raises(Never, match="posted it elsewhere"):
            registry.get("slack").find(composed("slack"), datetime.now(UTC))
        assert slack_server.messages == []

    def test_a_thread_that_is_gone_without_a_post_of_ours_is_as_if_nothing_was_sent(
        self, slack_server: SlackServer
    ):
        slack_server.gone.add(THREAD)
        assert registry.get("slack").find(composed("slack"), datetime.now(UTC)) is None

    def test_an_answer_that_shows_no_message_is_believed(self, slack_server: SlackServer):
        slack_server.behave(Reply(200, {"ok": True, "channel": CHANNEL, "ts": "1700000001.000100"}))
        assert send().provider_id == "1700000001.000100"


class TestLookUp:
    def found(self, **changes: Any) -> Any:
        return registry.get("slack").find(composed("slack", **changes), datetime.now(UTC))

    def test_finds_a_post_whose_answer_was_lost(self, slack_server: SlackServer):
        slack_server.behave("cut")
        refused()
        assert self.found().provider_id == slack_server.messages[0]["ts"]

    def test_finds_nothing_when_nothing_was_posted(self, slack_server: SlackServer):
        assert self.found() is None

    def test_turns_the_pages(self, slack_server: SlackServer):
        for number in range(5):
            send(reference=f"other-{number}")
        send()
        assert self.found().provider_id == slack_server.messages[-1]["ts"]

    def test_another_delivery_of_the_same_survey_is_not_it(self, slack_server: SlackServer):
        send(reference="an-earlier-one")
        assert self.found() is None

    def test_a_look_up_that_fails_is_made_again_later(self, slack_server: SlackServer):
        slack_server.behave("refuse")
        with pytest.raises(Retry):
            self.found()

    def test_without_the_scope_to_read_nobody_knows(self, slack_server: SlackServer):
        slack_server.behave(error("missing_scope"))
        assert self.found() is CANNOT_TELL

    def test_in_a_channel_that_is_gone_it_is_not(self, slack_server: SlackServer):
        slack_server.channels.clear()
        assert self.found() is None


class TestPresses:
    @pytest.fixture(autouse=True)
    def _posted(self, slack_server: SlackServer) -> None:
        send()
        self.server = slack_server
        self.message = slack_server.messages[0]

    def read(self, pressed: tuple[bytes, dict[str, str]]) -> list[ProviderEvent]:
        body, headers = pressed
        channel = registry.get("slack")
        assert channel.verify(headers, body, "")
        return channel.read(headers, body)

    @pytest.mark.parametrize("score", [1, 2, 3, 4, 5])
    def test_a_press_carries_score_person_and_delivery(self, score: int):
        (update,) = self.read(self.server.press(self.message, score))
        assert (update.type, update.score, update.user) == (EventType.PRESSED, score, "U0ANA")
        assert (update.reference, update.survey_id) == (ask("slack").reference, ask("slack").survey_id)
        assert (update.provider_id, update.address) == (self.message["ts"], CHANNEL)
        assert update.reply_url.startswith(self.server.base)

    def test_the_link_button_is_no_press(self):
        body, headers = self.server.press(self.message, 1)
        payload = {
            "type": "block_actions",
            "user": {"id": "U"},
            "actions": [{"action_id": "csat_link", "value": ""}],
        }
        assert registry.get("slack").read(headers, urlencode({"payload": json.dumps(payload)}).encode()) == []
        assert body

    @pytest.mark.parametrize("value", ["a:b:6", "a:b:0", "a:b", "a:b:five", ""])
    def test_a_value_that_is_not_ours_says_nothing(self, value: str):
        action = {"action_id": "csat_score_4", "value": value, "action_ts": "1.2"}
        payload = {"type": "block_actions", "user": {"id": "U"}, "actions": [action]}
        assert slack.read(urlencode({"payload": json.dumps(payload)}).encode()) == []

    def test_what_is_nested_without_end_is_nothing(self):
        assert slack.read(b"payload=" + b"[" * 100_000) == []

    def test_a_bad_signature_is_not_believed(self):
        body, headers = self.server.press(self.message, 4)
        assert not slack.verify({**headers, "X-Slack-Signature": "v0=00"}, body)
        assert not slack.verify(headers, body + b"x")
        assert not slack.verify({**headers, "X-Slack-Signature": "v0=é"}, body)

    @pytest.mark.parametrize("age", [301, -301])
    def test_a_stale_press_is_not_believed(self, age: int):
        body, headers = self.server.press(self.message, 4, at=time.time() - age)
        assert not slack.verify(headers, body)

    @pytest.mark.parametrize("stamp", ["", "soon", "9" * 400])
    def test_a_time_that_is_none_is_not_believed(self, stamp: str):
        body, headers = self.server.press(self.message, 4)
        assert not slack.verify({**headers, "X-Slack-Request-Timestamp": stamp}, body)

    def test_without_a_secret_nobody_is_believed(self, settings: Any):
        body, headers = self.server.press(self.message, 4)
        settings.SLACK_SIGNING_SECRET = ""
        assert not slack.verify(headers, body)

    def test_two_presses_have_two_ids(self):
        first, second = (self.read(self.server.press(self.message, score))[0].event_id for score in (2, 4))
        assert first != second


def test_only_the_three_characters_are_escaped():
    assert escaped("a & b <c> \"d\" 'e'") == "a &amp; b &lt;c&gt; \"d\" 'e'"
