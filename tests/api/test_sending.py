"""/csat/sending: how it stands, pausing, trying a provider, asking failed surveys again"""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.lib.outcomes import Never
from csat.surveys.delivery import holds
from csat.timeline.models import Event
from tests.api.conftest import Machine, machine
from tests.factories import mail_goes_away, make_failed_survey, make_resolved_session, switch_on

pytestmark = pytest.mark.django_db
CHANNEL = {"channel", "state", "since", "reason", "next_try_at", "waiting", "oldest_due_at"}
RESEND = {"dry_run", "since", "failed", "asked", "not_asked", "left", "groups"}


def status_of(answer, channel):
    return next(one for one in answer.json()["channels"] if one["channel"] == channel)


@pytest.fixture
def failed(db):
    return make_failed_survey()


class TestStatus:
    def test_every_channel_says_what_it_does_and_what_waits(self, api: Machine) -> None:
        switch_on("sms")
        make_resolved_session("sms")
        body = api.get("/csat/sending").json()
        assert (set(body), body["paused"]) == ({"paused", "channels"}, None)
        assert all(set(channel) == CHANNEL for channel in body["channels"])
        sms = status_of(api.get("/csat/sending"), "sms")
        assert (sms["state"], sms["waiting"], sms["since"]) == ("sending", 1, None)
        assert sms["oldest_due_at"].endswith("Z")
        assert status_of(api.get("/csat/sending"), "email")["state"] == "off"

    def test_a_provider_that_is_away_is_told_with_its_words_and_the_next_try(self, api: Machine) -> None:
        mail_goes_away()
        email = status_of(api.get("/csat/sending"), "email")
        assert (email["state"], email["reason"]) == ("away", "connection refused")
        assert email["since"] < email["next_try_at"]

    def test_a_channel_whose_account_is_refused_is_told_too(self, api: Machine) -> None:
        holds.stop("sms", Never("20003 Authenticate", account=True))
        assert status_of(api.get("/csat/sending"), "sms")["reason"] == "20003 Authenticate"


class TestHolding:
    def test_all_is_paused_and_resumed(self, api: Machine) -> None:
        paused = api.post("/csat/sending/pause", {"reason": "moving house"}).json()["paused"]
        assert (paused["by"], paused["reason"]) == ("Helpdesk", "moving house")
        assert paused["at"].endswith("Z")
        answer = api.post("/csat/sending/resume", {})
        assert (answer.status_code, answer.json()["paused"]) == (200, None)
        audited = Event.objects.filter(kind="audit").order_by("id").values_list("data__what", flat=True)
        assert list(audited)[-2:] == ["sending.paused", "sending.resumed"]

    def test_one_channel_is_paused_and_resumed(self, api: Machine) -> None:
        switch_on("sms")
        answer = api.post("/csat/sending/pause", {"channel": "sms"})
        assert answer.json()["paused"] is None
        assert (status_of(answer, "sms")["state"], status_of(answer, "sms")["reason"]) == ("paused", None)
        assert status_of(api.post("/csat/sending/resume", {"channel": "sms"}), "sms")["state"] == "sending"

    def test_doing_it_twice_is_no_mistake_and_the_first_reason_stays(self, api: Machine) -> None:
        for reason in ("first", "second"):
            answer = api.post("/csat/sending/pause", {"reason": reason})
        assert (answer.status_code, answer.json()["paused"]["reason"]) == (200, "first")
        assert [api.post("/csat/sending/resume", {}).status_code for _ in range(2)] == [200, 200]

    def test_a_provider_is_tried_at_once(self, api: Machine) -> None:
        mail_goes_away()
        before = status_of(api.get("/csat/sending"), "email")["next_try_at"]
        answer = api.post("/csat/sending/try", {"channel": "email"})
        assert status_of(answer, "email")["next_try_at"] < before

    @pytest.mark.parametrize(
        ("path", "body", "field"),
        [
            ("pause", {"channel": "fax"}, "channel"),
            ("pause", {"reason": "x" * 501}, "reason"),
            ("resume", {"channel": "instagram"}, "channel"),
            ("try", {}, "channel"),
            ("resend", {"since": "yesterday"}, "since"),
            ("resend", {"dry_run": "perhaps"}, "dry_run"),
        ],
    )
    def test_what_cannot_be_used_is_named(self, api: Machine, path: str, body: object, field: str) -> None:
        answer = api.post(f"/csat/sending/{path}", body)
        assert answer.status_code == 422
        assert list(answer.json()["fields"]) == [field]

    @pytest.mark.parametrize("path", ["pause", "resume", "try", "resend"])
    def test_a_key_that_only_reads_changes_nothing(self, db: None, path: str) -> None:
        reader = machine("csat:read")
        assert reader.get("/csat/sending").status_code == 200
        assert reader.post(f"/csat/sending/{path}", {"channel": "sms"}).status_code == 403


class TestResend:
    def test_it_is_a_dry_run_unless_told_otherwise(self, api: Machine, failed) -> None:
        body = api.post("/csat/sending/resend", {}).json()
        assert set(body) == RESEND
        assert (body["dry_run"], body["failed"], body["asked"], body["left"]) == (True, 1, 1, 0)
        assert body["groups"] == [
            {"channel": "email", "code": "554", "reason": "554 refused", "failed": 1, "asked": 1}
        ]
        assert failed.again().state == "failed"

    def test_then_they_are_asked(self, api: Machine, failed) -> None:
        told = {
            "channel": "email",
            "since": (timezone.now() - timedelta(hours=1)).isoformat(),
            "dry_run": False,
        }
        body = api.post("/csat/sending/resend", told).json()
        assert (body["dry_run"], body["asked"]) == (False, 1)
        assert failed.again().state == "scheduled"
        assert failed.deliveries.latest("id").asked_by["name"] == "Helpdesk"

    def test_a_repetition_under_the_same_key_asks_nobody_again(self, api: Machine, failed) -> None:
        for _ in range(2):
            answer = api.post("/csat/sending/resend", {"dry_run": False}, idempotency_key="evening")
        assert answer.json()["asked"] == 1
        assert failed.again().request_number == 2

    def test_who_is_not_asked_is_counted_by_the_gate(self, api: Machine, failed) -> None:
        failed.contact.change(opted_out_at=timezone.now())
        body = api.post("/csat/sending/resend", {"dry_run": False}).json()
        assert (body["asked"], body["not_asked"]) == (0, {"opt_out": 1})
