"""/csat/requests, /csat/links, /csat/scores, /csat/settings and the widget token"""

from typing import Any

import pytest
from django.conf import settings

from csat.people.models import Organization
from csat.surveys.answers import answering
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Delivery, Survey
from csat.timeline.models import Event
from tests.api.conftest import Machine
from tests.factories import make_agent, make_contact, make_resolved_session, make_session

pytestmark = pytest.mark.django_db
NOBODY = "5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60"
REQUEST = {
    "id",
    "session_id",
    "state",
    "channel",
    "scheduled_for",
    "origin",
    "requested_at",
    "gates",
    "deliveries",
}
DELIVERY = {
    "channel", "transport", "address", "reason", "state", "provider_id", "attempt", "error", "sent_at",
    "delivered_at", "shown_at",
}  # fmt: skip
SCORE = {
    "id", "organization_id", "session_id", "score", "label", "emoji", "comment", "about", "channel", "source",
    "themes", "imported", "agent", "created_at",
    "updated_at", "contact",
}  # fmt: skip


def switch_on(api: Machine, *channels: str, **changes: Any) -> None:
    told = {"channels": {channel: {"enabled": True} for channel in channels}} | changes
    assert api.patch("/csat/settings", told).status_code == 200


def ask(api: Machine, session: Any, **told: Any) -> Any:
    return api.post("/csat/requests", {"session_id": str(session.uuid)} | told)


def rate(api: Machine, session: Any, score: int = 4, **told: Any) -> Any:
    return api.post("/csat/scores", {"session_id": str(session.uuid), "score": score} | told)


class TestRequests:
    def test_a_request_is_taken_and_then_sent(self, api: Machine) -> None:
        switch_on(api, "email")
        session = make_resolved_session()
        answer = ask(api, session)
        assert answer.status_code == 202
        body = answer.json()
        assert set(body) >= REQUEST
        assert (body["session_id"], body["state"], body["origin"]) == (str(session.uuid), "scheduled", "api")
        assert all(set(gate) == {"name", "passed", "value", "text"} for gate in body["gates"])
        sending.send_due()
        shown = api.get(f"/csat/requests/{body['id']}").json()
        assert (shown["state"], shown["delivered_via"]) == ("sent", "email")
        assert [set(delivery) for delivery in shown["deliveries"]] == [DELIVERY]
        assert shown["deliveries"][0]["address"] == session.contact.email
        assert shown["requested_at"].endswith("Z")

    def test_a_channel_that_is_off_skips_and_says_which_gate(self, api: Machine) -> None:
        body = ask(api, make_resolved_session()).json()
        assert (body["state"], body["skipped_by"]) == ("skipped", "channel")
        assert any(gate["name"] == "channel" and not gate["passed"] for gate in body["gates"])

    def test_force_skips_the_toggle(self, api: Machine) -> None:
        assert ask(api, make_resolved_session(), force=True).json()["state"] == "scheduled"

    def test_instagram_is_never_asked_not_even_by_force(self, api: Machine) -> None:
        assert ask(api, make_resolved_session("instagram"), force=True).json()["state"] == "skipped"

    def test_another_channel_may_be_chosen(self, api: Machine) -> None:
        switch_on(api, "sms")
        body = ask(api, make_resolved_session("email"), channel="sms").json()
        assert body["deliveries"][0]["channel"] == "sms"
        assert body["channel"] == "email"

    def test_a_request_while_one_is_being_sent_is_409(self, api: Machine) -> None:
        switch_on(api, "email")
        session = make_resolved_session()
        ask(api, session)
        Delivery.objects.update(state="sending")
        assert api.get("/csat/requests").json()["items"][0]["state"] == "sending"
        assert ask(api, session).status_code == 409
        assert len(api.get("/csat/requests", state="sending").json()["items"]) == 1
        assert api.get("/csat/requests", state="scheduled").json()["items"] == []

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ({}, 422),
            ({"session_id": "17"}, 422),
            ({"session_id": 17}, 422),
            ({"session_id": None}, 422),
            ({"session_id": NOBODY}, 404),
            ({"session_id": NOBODY, "channel": "fax"}, 422),
            ({"session_id": NOBODY, "message": "x" * 1001}, 422),
            ({"session_id": NOBODY, "force": "x"}, 422),
        ],
    )
    def test_what_cannot_be_asked_is_told(self, api: Machine, told: Any, status: int) -> None:
        assert api.post("/csat/requests", told).status_code == status

    def test_the_list_is_filtered(self, api: Machine) -> None:
        switch_on(api, "email")
        asked, skipped = make_resolved_session("email"), make_resolved_session("sms")
        ask(api, asked)
        ask(api, skipped)
        practice = make_resolved_session("email", practice=True)
        ask(api, practice)
        for query, session in [
            ({"state": "skipped"}, skipped),
            ({"channel": "email"}, asked),
            ({"session_id": str(asked.uuid)}, asked),
            ({"contact_id": str(skipped.contact.uuid)}, skipped),
        ]:
            assert [item["session_id"] for item in api.get("/csat/requests", **query).json()["items"]] == [
                str(session.uuid)
            ], query

    def test_a_list_costs_as_much_with_fifty_rows_as_with_one(
        self, api: Machine, django_assert_max_num_queries: Any
    ) -> None:
        switch_on(api, "email")
        for _ in range(50):
            ask(api, make_resolved_session())
        with django_assert_max_num_queries(4):
            assert len(api.get("/csat/requests").json()["items"]) == 50


class TestLinks:
    def test_a_link_is_made_and_nothing_is_sent(self, api: Machine) -> None:
        session = make_session()
        answer = api.post("/csat/links", {"session_id": str(session.uuid)})
        assert answer.status_code == 201
        body = answer.json()
        assert set(body) == {"url", "expires_at", "survey_id"}
        assert body["url"].startswith(f"{settings.SITE_URL}/r/")
        survey = Survey.objects.get()
        assert body["survey_id"] == str(survey.uuid)
        assert (survey.state, survey.origin, survey.requested_at) == ("sent", "link", None)
        assert not Delivery.objects.exists()
        assert not Event.objects.filter(kind="csat.requested").exists()

    def test_the_same_session_has_the_same_link(self, api: Machine) -> None:
        told = {"session_id": str(make_session().uuid)}
        assert api.post("/csat/links", told).json()["url"] == api.post("/csat/links", told).json()["url"]

    def test_an_unknown_session_is_404(self, api: Machine) -> None:
        assert api.post("/csat/links", {"session_id": NOBODY}).status_code == 404

    def test_a_session_that_is_never_surveyed_has_none(self, api: Machine) -> None:
        assert api.post("/csat/links", {"session_id": str(make_session("messenger").uuid)}).status_code == 409


class TestScores:
    def test_the_same_again_is_200_with_the_score_that_stands(self, api: Machine) -> None:
        body = {"session_id": str(make_session("email").uuid), "score": 2, "comment": "Slow"}
        answers = [api.post("/csat/scores", body) for _time in range(3)]
        assert [answer.status_code for answer in answers] == [201, 200, 200]
        assert answers[0].json() == answers[1].json() == answers[2].json()
        assert Event.objects.filter(kind="csat.submitted").count() == 1

    def test_the_first_score_is_201_and_the_next_replaces_it(self, api: Machine) -> None:
        session = make_resolved_session(assignee=make_agent("Sam"))
        first = rate(api, session, 2, comment="slow")
        assert first.status_code == 201
        assert set(first.json()) == SCORE
        second = rate(api, session, 5, comment="now fine", source="sms")
        assert second.status_code == 200
        body = second.json()
        assert (body["score"], body["label"], body["emoji"], body["comment"]) == (
            5,
            "Excellent",
            "😍",
            "now fine",
        )
        assert (body["source"], body["channel"], body["about"]) == ("sms", "email", None)
        assert body["agent"]["name"] == "Sam"
        assert set(body["agent"]) == {"id", "name", "kind"}
        assert set(body["contact"]) == {"id", "email", "phone_number", "name", "custom_data"}
        assert body["organization_id"] == str(Organization.current().uuid)
        assert body["id"] == first.json()["id"]
        assert body["created_at"] == first.json()["created_at"]
        assert len(api.get("/csat/scores").json()["items"]) == 1

    def test_the_source_is_api_when_nothing_is_told(self, api: Machine) -> None:
        assert rate(api, make_session("api")).json()["source"] == "api"

    def test_the_score_shows_on_session_and_history(self, api: Machine) -> None:
        session = make_resolved_session()
        rate(api, session, 1, comment="still broken")
        csat = api.get(f"/chat/sessions/{session.uuid}").json()["csat"]
        assert set(csat) == {"state", "score", "requested_at", "submitted_at"}
        assert (csat["state"], csat["score"]) == ("answered", 1)
        events = [item["event"] for item in api.all(f"/chat/sessions/{session.uuid}/history")]
        submitted = [event for event in events if event["type"] == "csat_submitted"]
        assert [event["content"] for event in submitted] == [{"score": 1, "feedback": "still broken"}]

    @pytest.mark.parametrize("score", [0, 6, -1, None, "five", 4.5, True, 10**30, [], {"a": 1}, ""])
    def test_a_score_that_is_none_is_422(self, api: Machine, score: Any) -> None:
        answer = rate(api, make_session(), score)
        assert answer.status_code == 422
        assert "score" in answer.json()["fields"]

    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ({"session_id": NOBODY}, 404),
            ({"session_id": "x"}, 422),
            ({"comment": "x" * 5001}, 422),
            ({"comment": "\u0000"}, 422),
            ({"source": "fax"}, 422),
            ({"about": "weather"}, 422),
        ],
    )
    def test_what_cannot_be_kept_is_told(self, api: Machine, told: Any, status: int) -> None:
        assert rate(api, make_session(), 4, **told).status_code == status

    def test_by_session_it_is_null_when_there_is_none(self, api: Machine) -> None:
        session = make_session()
        answer = api.get(f"/csat/scores/session/{session.uuid}")
        assert (answer.status_code, answer.json()) == (200, None)
        given = rate(api, session).json()
        assert api.get(f"/csat/scores/session/{session.uuid}").json() == given
        assert api.get(f"/csat/scores/{given['id']}").json() == given
        assert api.get(f"/csat/scores/session/{NOBODY}").status_code == 404
        assert api.get(f"/csat/scores/{NOBODY}").status_code == 404

    def test_by_contact_it_is_a_list(self, api: Machine) -> None:
        contact = make_contact()
        first, second = make_session(contact=contact), make_session(contact=contact)
        rate(api, first)
        rate(api, second)
        rate(api, make_session())
        body = api.get(f"/csat/scores/contact/{contact.uuid}").json()
        assert [item["session_id"] for item in body["items"]] == [str(second.uuid), str(first.uuid)]
        assert body["next"] is None
        assert api.get(f"/csat/scores/contact/{NOBODY}").status_code == 404

    def test_the_list_is_filtered(self, api: Machine) -> None:
        sam = make_agent("Sam")
        low, high = make_resolved_session("email", assignee=sam), make_resolved_session("sms")
        rate(api, low, 1, comment="Refund never came")
        rate(api, high, 5)
        for query, session in [
            ({"score": 1}, low),
            ({"score_lte": 2}, low),
            ({"score_gte": 4}, high),
            ({"channel": "sms"}, high),
            ({"contact_id": str(low.contact.uuid)}, low),
            ({"agent_id": str(sam.uuid)}, low),
            ({"session_id": str(high.uuid)}, high),
            ({"has_comment": "true"}, low),
            ({"has_comment": "false"}, high),
            ({"search": "refund"}, low),
        ]:
            assert [item["session_id"] for item in api.get("/csat/scores", **query).json()["items"]] == [
                str(session.uuid)
            ], query

    @pytest.mark.parametrize(
        "query",
        [{"score": "x"}, {"score": 9}, {"agent_id": "17"}, {"has_comment": "x"}, {"search": "\u0000"}],
    )
    def test_a_filter_that_cannot_be_is_422(self, api: Machine, query: Any) -> None:
        assert api.get("/csat/scores", **query).status_code == 422

    def test_quarantined_answers_are_no_scores(self, api: Machine) -> None:
        session = make_resolved_session()
        answering.answer(
            scheduling.get_or_create_survey(session), score=1, source="page", quarantine="no_nonce"
        )
        assert api.get("/csat/scores").json()["items"] == []

    def test_the_score_of_somebody_erased_stays_without_them(self, api: Machine) -> None:
        session = make_resolved_session()
        rate(api, session)
        api.delete(f"/contacts/{session.contact.uuid}")
        contact = api.get("/csat/scores").json()["items"][0]["contact"]
        assert (contact["email"], contact["name"], contact["phone_number"]) == (None, None, None)

    def test_somebody_erased_gives_no_further_score(self, api: Machine) -> None:
        session = make_resolved_session()
        assert rate(api, session).status_code == 201
        assert api.delete(f"/contacts/{session.contact.uuid}").status_code == 204
        assert rate(api, session, comment="It is me again").status_code == 409
        assert api.get(f"/csat/scores/session/{session.uuid}").json()["comment"] is None

    def test_a_list_costs_as_much_with_fifty_rows_as_with_one(
        self, api: Machine, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(50):
            rate(api, make_session())
        with django_assert_max_num_queries(4):
            assert len(api.get("/csat/scores").json()["items"]) == 50


class TestSettings:
    def test_everything_is_off_or_neutral_at_first(self, api: Machine) -> None:
        body = api.get("/csat/settings").json()
        told = {
            "auto_send": False, "delay_seconds": 0, "ticketing_system": "open", "contact_cap_days": 0,
            "sample_percent": 100,
            "quiet_hours": None, "link_days": 30, "reminder_days": 0, "guaranteed_delivery": True,
            "ask_about": False, "skip_staff": True, "quiet_after_days": 30,
        }  # fmt: skip
        assert {name: body[name] for name in told} == told
        assert body["custom_message"]["default"] == ""
        slugs = ["web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice"]
        assert body["channels"] == {slug: {"enabled": False} for slug in slugs}

    def test_a_patch_merges(self, api: Machine) -> None:
        switch_on(api, "email", auto_send=True, delay_seconds=300)
        answer = api.patch(
            "/csat/settings",
            {
                "channels": {"sms": {"enabled": True}},
                "quiet_hours": {"start": "21:00", "end": "08:00"},
                "custom_message": {"de": "Hallo"},
            },
        )
        body = answer.json()
        assert (answer.status_code, body["auto_send"], body["delay_seconds"]) == (200, True, 300)
        assert [slug for slug, toggle in body["channels"].items() if toggle["enabled"]] == ["email", "sms"]
        assert body["quiet_hours"] == {"start": "21:00", "end": "08:00"}
        assert body["custom_message"] == {"default": "", "de": "Hallo"}

    def test_hours_and_holidays_are_set_and_replaced_as_wholes(self, api: Machine) -> None:
        hours = {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], "sat": [["10:00", "24:00"]]}
        told = {
            "sending_hours": hours,
            "holidays": ["2027-01-01", "2026-12-25"],
            "delay_in_office_hours": True,
        }
        body = api.patch("/csat/settings", told).json()
        assert (body["sending_hours"], body["delay_in_office_hours"]) == (hours, True)
        assert body["holidays"] == ["2026-12-25", "2027-01-01"]
        body = api.patch("/csat/settings", {"sending_hours": {"sun": [["10:00", "12:00"]]}}).json()
        assert body["sending_hours"] == {"sun": [["10:00", "12:00"]]}
        assert api.patch("/csat/settings", {"sending_hours": None}).json()["sending_hours"] is None

    def test_what_is_wrong_with_the_hours_is_told_with_field_and_day(self, api: Machine) -> None:
        answer = api.patch("/csat/settings", {"sending_hours": {"fri": [["18:00", "09:00"]]}})
        assert (answer.status_code, answer.json()["fields"]) == (
            422,
            {"sending_hours": ["Friday: 18:00 to 09:00 ends before it starts."]},
        )

    @pytest.mark.parametrize(
        "told",
        [
            {"sending_hours": {}},
            {"sending_hours": {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]}},
            {"sending_hours": [["09:00", "12:00"]]},
            {"holidays": ["\ud800"]},
            {"holidays": "2026-12-25"},
            {"auto_sent": True},
            {"by": "me"},
            {"delay_seconds": 7},
            {"delay_seconds": 300.5},
            {"delay_seconds": True},
            {"auto_send": 1},
            {"auto_send": "perhaps"},
            {"ticketing_system": "fax"},
            {"channels": {"instagram": {"enabled": True}}},
            {"channels": {"email": True}},
            {"channels": []},
            {"sample_percent": 101},
            {"sample_percent": 10**30},
            {"contact_cap_days": -1},
            {"custom_message": "x"},
            {"custom_message": {"xx": "x"}},
            {"quiet_hours": {"start": "25:00", "end": "08:00"}},
            {"quiet_hours": "night"},
            {"brand_color": "red"},
            {"brand_name": None},
            {"brand_name": []},
            {"brand_name": {}},
            {"brand_name": 5},
            {"brand_name": "\ud800"},
            {"languages": ["klingon"]},
            {"reply_to": "nobody"},
            [],
        ],
    )
    def test_what_is_unknown_or_wrong_is_422_and_changes_nothing(self, api: Machine, told: Any) -> None:
        before = api.get("/csat/settings").json()
        answer = api.patch("/csat/settings", told)
        assert answer.status_code == 422, answer.content
        assert api.get("/csat/settings").json() == before


def test_a_widget_token_comes_with_its_script(api: Machine) -> None:
    session = make_session("web")
    answer = api.post(f"/chat/sessions/{session.uuid}/widget-token")
    assert answer.status_code == 201
    body = answer.json()
    assert set(body) == {"token", "script_url", "expires_at"}
    assert body["script_url"] == f"{settings.SITE_URL}/widget/csat.js"
    assert len(body["token"]) >= 22
    assert api.post(f"/chat/sessions/{NOBODY}/widget-token").status_code == 404


def test_a_round_by_machines_alone(api: Machine) -> None:
    """A session on channel api: requested, told with its address, answered, told."""
    switch_on(api, "api")
    session = api.post("/chat/sessions", {"contact": {"name": "Ana"}, "channel": {"type": "api"}}).json()
    api.patch(f"/chat/sessions/{session['id']}", {"status": "closed_resolved"})
    asked = api.post("/csat/requests", {"session_id": session["id"]})
    assert asked.status_code == 202
    sending.send_due()
    assert api.get(f"/csat/requests/{asked.json()['id']}").json()["state"] == "sent"
    given = api.post("/csat/scores", {"session_id": session["id"], "score": 3, "comment": "fine"})
    assert given.status_code == 201
    types = [item["event"]["type"] for item in api.all(f"/chat/sessions/{session['id']}/history")]
    assert types == ["closed_resolved_by_api", "csat_requested", "csat_submitted"]
    assert api.get(f"/chat/sessions/{session['id']}").json()["csat"]["state"] == "answered"
