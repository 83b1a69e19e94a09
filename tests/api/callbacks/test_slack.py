"""Slack calls back: presses on a face and comments; signed, repeated, forged."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from slack_sdk.signature import SignatureVerifier

from csat.channels.transports import slack, slack_replies
from csat.lib.outcomes import Unknown
from csat.surveys import links
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Answer, Delivery, Score
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.api.callbacks.requests import SLACK_SECRET, press, sent
from tests.factories import API, make_resolved_session
from tests.standins.slack import CHANNEL, SlackServer

pytestmark = pytest.mark.django_db


class TestSlack:
    def test_a_press_answers_and_a_second_press_changes_it(self) -> None:
        delivery = sent("slack")
        assert press(delivery, 2).status_code == 200
        assert press(delivery, 2).status_code == 200  # Slack repeats
        assert press(delivery, 5, ts="2.2").status_code == 200
        assert (Score.objects.get().score, Score.objects.get().source) == (5, "slack")
        assert Answer.objects.count() == 2
        assert Answer.objects.first().provenance["user"] == "U1"  # type: ignore[union-attr]

    def test_a_bad_signature_and_an_old_one_are_403(self) -> None:
        delivery = sent("slack")
        assert press(delivery, 2, secret="other").status_code == 403
        assert press(delivery, 2, at=int(time.time()) - 301).status_code == 403
        assert not Score.objects.exists()

    def test_a_body_that_is_no_interaction_is_taken_and_ignored(self) -> None:
        body, stamp = "payload=%7B", str(int(time.time()))
        signature = SignatureVerifier(SLACK_SECRET).generate_signature(timestamp=stamp, body=body) or ""
        headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
        answer = Client().post(
            "/callbacks/slack/interactions",
            body,
            content_type="application/x-www-form-urlencoded",
            headers=headers,
        )
        assert answer.status_code == 200


class TestSlackItself:
    """Against a server that takes and signs as Slack does."""

    @pytest.fixture
    def server(self, slack_server: SlackServer) -> SlackServer:
        settings.change(by=API, channels={"slack": {"enabled": True}})
        scheduling.request(make_resolved_session("slack", slack_channel=CHANNEL), origin="api", by=API)
        sending.send_due()
        return slack_server

    def knock(self, signed: tuple[bytes, dict[str, str]]) -> Any:
        body, headers = signed
        return Client(enforce_csrf_checks=True).post(
            "/callbacks/slack/interactions",
            body,
            content_type="application/x-www-form-urlencoded",
            headers=headers,
        )

    def press(self, server: SlackServer, score: int, **how: Any) -> int:
        return int(self.knock(server.press(server.messages[0], score, **how)).status_code)

    def test_five_faces_and_a_link(self, server: SlackServer) -> None:
        faces, link = server.messages[0]["blocks"][1]["elements"], server.messages[0]["blocks"][2]["elements"]
        assert [face["text"]["text"].split()[0] for face in faces] == ["😡", "😞", "😐", "🙂", "😍"]
        assert links.rate_url(Delivery.objects.get().survey) in link[0]["url"]

    def test_a_low_press_asks_why_and_the_comment_joins(self, server: SlackServer) -> None:
        assert self.press(server, 2) == 200
        assert (Score.objects.get().score, len(server.views)) == (2, 1)
        assert "You chose 😞 Poor" in json.dumps(server.messages[0]["blocks"], ensure_ascii=False)
        for _ in range(2):
            assert self.knock(server.submit(server.views[0], "Nobody answered")).status_code == 200
        assert (Score.objects.get().comment, Answer.objects.count()) == ("Nobody answered", 1)
        assert server.problems == []

    def test_skipped_the_rating_stands(self, server: SlackServer) -> None:
        self.press(server, 1)
        assert self.knock(server.submit(server.views[0], None)).status_code == 200
        assert (Score.objects.get().score, Score.objects.get().comment) == (1, "")

    def test_a_good_press_asks_nothing_and_another_changes_it(self, server: SlackServer) -> None:
        self.press(server, 4)
        self.press(server, 5)
        assert (Score.objects.get().score, server.views, Answer.objects.count()) == (5, [], 2)
        assert "You chose 😍 Excellent" in json.dumps(server.messages[0]["blocks"], ensure_ascii=False)

    def test_after_a_good_press_a_comment_may_be_added(self, server: SlackServer) -> None:
        self.press(server, 5)
        assert self.knock(server.press_button(server.messages[0], "csat_say_more")).status_code == 200
        self.knock(server.submit(server.views[0], "Sam was quick"))
        assert (Score.objects.get().score, Score.objects.get().comment) == (5, "Sam was quick")
        assert server.problems == []

    def test_nobody_else_comments(self, server: SlackServer) -> None:
        self.press(server, 5)
        self.knock(server.press_button(server.messages[0], "csat_say_more", user="U0BOB"))
        assert (server.views, [word["user"] for word in server.ephemeral]) == ([], ["U0BOB"])

    def test_a_box_left_open_for_an_hour_is_still_heard(self, server: SlackServer, time_machine: Any) -> None:
        self.press(server, 1)
        time_machine.move_to(datetime.now(UTC) + timedelta(hours=1))
        self.knock(server.submit(server.views[0], "Sorry, I was away"))
        assert Score.objects.get().comment == "Sorry, I was away"

    def test_who_pressed_is_told_in_the_inbox(self, server: SlackServer, agent: Client) -> None:
        self.press(server, 4)
        assert Event.objects.get(kind="csat.submitted").data["pressed_by"] == "ana"
        page = agent.get(f"/inbox/{Delivery.objects.get().survey.session.uuid}/").content.decode()
        assert "pressed by ana" in page

    def test_somebody_else_is_told_so_and_changes_nothing(self, server: SlackServer) -> None:
        self.press(server, 5)
        assert self.press(server, 1, user="U0BOB") == 200
        assert (Score.objects.get().score, [word["user"] for word in server.ephemeral]) == (5, ["U0BOB"])

    def test_a_press_signed_six_minutes_ago_is_refused(self, server: SlackServer) -> None:
        assert self.press(server, 5, at=time.time() - 360) == 403
        assert not Score.objects.exists()

    def test_a_slow_slack_is_answered_within_three_seconds_all_the_same(self, server: SlackServer) -> None:
        server.behave("slow", "slow")
        began = time.monotonic()
        assert self.press(server, 1) == 200
        assert time.monotonic() - began < 3
        assert Score.objects.get().score == 1


class TestAnsweringBack:
    def test_in_a_shared_channel_only_the_first_persons_press_counts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[str] = []
        monkeypatch.setattr(slack_replies, "whisper", lambda update, text: told.append(update.user))
        monkeypatch.setattr(slack_replies, "show_choice", lambda update, **_: None)
        delivery = sent("slack")
        press(delivery, 5, user="U1")
        press(delivery, 1, user="U2", ts="2.2")
        assert Score.objects.get().score == 5
        assert told == ["U2"]

    def test_the_customer_the_helpdesk_named_is_the_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slack_replies, "whisper", lambda *_: None)
        monkeypatch.setattr(slack_replies, "show_choice", lambda *_, **__: None)
        delivery = sent("slack")
        session = delivery.survey.session
        session.change(custom_data={"slack_user_id": "U7"})
        press(delivery, 1, user="U1")
        assert not Score.objects.exists()
        press(delivery, 4, user="U7", ts="2.2")
        assert Score.objects.get().score == 4

    def test_a_low_press_opens_the_comment_box_and_shows_the_choice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[str] = []
        monkeypatch.setattr(slack, "call", lambda method, **_: called.append(method))
        press(sent("slack"), 1)
        assert called == ["views.open", "chat.update"]

    def test_when_slack_is_down_the_rating_is_kept_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def down(*_: Any, **__: Any) -> None:
            raise Unknown("Slack fell silent")

        monkeypatch.setattr(slack, "call", down)
        assert press(sent("slack"), 2).status_code == 200
        assert Score.objects.get().score == 2
