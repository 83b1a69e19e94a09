"""The Web Chat card, its loader and the state a host page polls."""

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as project

from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Answer, CsatSettings, Score
from csat.surveys.rules.settings import change
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_resolved_session, make_session, switch_on
from tests.tokens import rate_token
from tests.web.pages import form, submit

pytestmark = pytest.mark.django_db
HOST = "https://shop.example"


@pytest.fixture(autouse=True)
def _host(settings):
    settings.WIDGET_ORIGINS = [HOST, "https://*.evil.example"]


@pytest.fixture
def session():
    switch_on("web")
    session = make_resolved_session("web", assignee=make_agent("Sam"))
    sending.send_due()
    return session


@pytest.fixture
def token(session):
    return links.widget_token(session)[0]


@pytest.fixture
def card(token):
    return f"/widget/card/{token}"


@pytest.fixture
def later(time_machine):
    return lambda **step: time_machine.move_to(datetime.now(UTC) + timedelta(**step))


def poll(client, token, **headers):
    return client.get(f"/widget/state/{token}", headers=headers)


def scores():
    return list(Score.objects.values_list("score", "comment", "source"))


def told(kind):
    return Event.objects.filter(kind=kind).count()


class TestLoader:
    def test_it_is_small_and_kept_by_the_browser(self, client):
        answer = client.get("/widget/csat.js")
        assert answer["Content-Type"] == "text/javascript; charset=utf-8"
        assert len(answer.content) < 5 * 1024
        assert client.get("/widget/csat.js", headers={"If-None-Match": answer["ETag"]}).status_code == 304
        assert not answer.cookies

    def test_it_leaves_one_name_behind(self):
        text = (project.BASE_DIR / "static/js/widget.js").read_text()
        assert text.count("window.") == text.count("window.CSAT")


class TestState:
    def test_nothing_while_the_conversation_runs(self, client):
        token = links.widget_token(make_session("web"))[0]
        answer = poll(client, token)
        assert answer.json()["state"] == "none"
        assert poll(client, token, **{"If-None-Match": answer["ETag"]}).status_code == 304

    def test_due_once_it_is_sent_and_304_until_something_changes(self, client, session, token):
        answer = poll(client, token)
        assert answer.json() == {"state": "due", "request": 1, "survey_id": str(session.survey.uuid)}
        same = poll(client, token, **{"If-None-Match": answer["ETag"]})
        assert (same.status_code, same.content, same["ETag"]) == (304, b"", answer["ETag"])
        resolving.reopen(session, by=API)
        assert poll(client, token, **{"If-None-Match": answer["ETag"]}).json()["state"] == "none"

    def test_an_allowed_origin_may_read_it(self, client, token):
        answer = poll(client, token, Origin=HOST)
        assert answer["Access-Control-Allow-Origin"] == HOST
        again = poll(client, token, **{"Origin": HOST, "If-None-Match": answer["ETag"]})
        assert (again.status_code, again["Access-Control-Allow-Origin"]) == (304, HOST)
        assert "Origin" in again["Vary"]
        assert "Access-Control-Allow-Credentials" not in answer

    @pytest.mark.parametrize(
        "origin",
        ["https://shop.example.evil.example", "http://shop.example", "https://a.evil.example", "null", "*"],
    )
    def test_no_other_origin_may(self, client, token, origin):
        answer = poll(client, token, Origin=origin)
        assert "Access-Control-Allow-Origin" not in answer
        assert "Origin" in answer["Vary"]

    def test_no_origin_at_all_may_until_some_are_named(self, client, token, settings):
        settings.WIDGET_ORIGINS = []
        assert "Access-Control-Allow-Origin" not in poll(client, token, Origin=HOST)

    def test_an_unknown_token_is_told_so(self, client):
        answer = poll(client, "nonsense", Origin=HOST)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (404, HOST)

    def test_a_token_that_has_ended_opens_nothing(self, client, token, later):
        later(days=31)
        assert poll(client, token).status_code == 404

    def test_waiting_costs_one_query(self, client, django_assert_num_queries):
        token = links.widget_token(make_session("web"))[0]
        with django_assert_num_queries(1):
            poll(client, token)

    def test_a_due_card_costs_two(self, client, token, django_assert_num_queries):
        with django_assert_num_queries(2):
            poll(client, token)


class TestCard:
    def test_only_the_named_origins_may_frame_it(self, client, card):
        answer = client.get(card)
        assert f"frame-ancestors {HOST};" in answer["Content-Security-Policy"] + ";"
        assert "evil" not in answer["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer

    def test_nobody_may_until_some_are_named(self, client, card, settings):
        settings.WIDGET_ORIGINS = []
        assert "frame-ancestors 'none'" in client.get(card)["Content-Security-Policy"]

    def test_other_pages_stay_out_of_frames(self, client):
        answer = client.get("/login/")
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "DENY"

    def test_opening_it_writes_nothing_and_sets_no_cookie(self, client, session, card):
        before = session.survey.again().updated_at
        answer = client.get(card)
        assert not answer.cookies
        assert session.survey.again().updated_at == before
        assert told("csat.requested") == 0

    def test_shown_it_is_told_once(self, client, session, card):
        assert client.post(f"{card}/shown").json() == {"first": True}
        assert client.post(f"{card}/shown").json() == {"first": False}
        assert told("csat.requested") == 1
        assert session.survey.deliveries.get().shown_at

    def test_who_answers_was_shown(self, client, session, card):
        """Framed by a host page that says no hello, /shown is never called."""
        client.post(card, {"score": "1", "comment": "Slow"})
        client.post(card, {"score": "2", "comment": "Slow"})
        kinds = Event.objects.filter(kind__startswith="csat.").order_by("pk").values_list("kind", flat=True)
        assert [kind for kind in kinds if kind in ("csat.requested", "csat.submitted")] == [
            *("csat.requested", "csat.submitted", "csat.submitted")
        ]
        delivery = session.survey.deliveries.get()
        assert delivery.shown_at <= Score.objects.get().created_at
        assert client.post(f"{card}/shown").json() == {"first": False}

    def test_no_answer_is_no_sight_of_it(self, client, session, card):
        client.post(card, {"score": "9"})
        assert told("csat.requested") == 0
        assert session.survey.deliveries.get().shown_at is None

    def test_a_card_that_gave_way_to_an_email_was_shown_after_all(self, client, session, card):
        session.survey.deliveries.update(state="failed", failed_at=datetime.now(UTC))
        client.post(card, {"score": "4"})
        assert session.survey.deliveries.get().state == "sent"
        assert told("csat.requested") == 1

    def test_a_rating_where_staff_are_logged_in_counts_and_is_marked(self, agent, card):
        agent.post(card, {"score": "5"})
        assert Answer.objects.get().provenance == {"staff_browser": "sam"}

    def test_a_good_rating_is_one_step(self, client, card):
        answer = client.post(card, {"score": "5", "comment": "Quick"})
        assert (answer.status_code, answer["Location"]) == (303, card)
        assert "Thank you!" in client.get(card).content.decode()
        assert scores() == [(5, "Quick", "card")]

    def test_a_low_one_is_asked_why(self, client, card):
        client.post(card, {"score": "2"})
        assert scores() == [(2, "", "card")]
        answer = submit(client, card, step="comment", comment="Nobody called back")
        assert answer.status_code == 303
        assert "Nobody called back" in client.get(card).content.decode()
        assert scores() == [(2, "Nobody called back", "card")]
        assert Answer.objects.count() == told("csat.submitted") == 1

    def test_why_can_be_skipped(self, client, card):
        client.post(card, {"score": "1"})
        submit(client, card, step="skip")
        assert "Change my answer" in client.get(card).content.decode()
        assert scores() == [(1, "", "card")]

    def test_the_answer_can_be_changed(self, client, card):
        client.post(card, {"score": "5", "comment": "Fine"})
        changing = client.get(f"{card}?change=1")
        assert form(changing).fields["score"] == "5"
        client.post(card, {"score": "3", "comment": "Fine"})
        assert scores() == [(3, "Fine", "card")]

    def test_what_it_was_about_is_kept(self, client, card):
        CsatSettings.objects.update(ask_about=True)
        client.post(card, {"score": "3", "about": "product"})
        assert Score.objects.get().about == "product"

    @pytest.mark.parametrize("score", ["", "0", "6", "five"])
    def test_without_a_face_it_asks_for_one(self, client, card, score):
        answer = client.post(card, {"score": score, "comment": "Hm"})
        assert answer.status_code == 422
        assert form(answer).fields["comment"] == "Hm"
        assert scores() == []

    def test_a_comment_for_an_answer_of_another_survey_is_not_taken(self, client, card):
        client.post(card, {"score": "4"})
        stranger = make_resolved_session("web")
        sending.send_due()
        other = f"/widget/card/{links.widget_token(stranger)[0]}"
        client.post(
            other, {"step": "comment", "answer": str(Answer.objects.get().uuid), "comment": "Not mine"}
        )
        assert scores() == [(4, "", "card")]

    def test_it_needs_no_cookie_and_no_csrf_token(self, card):
        from django.test import Client

        assert Client(enforce_csrf_checks=True).post(card, {"score": "4"}).status_code == 303

    def test_reopened_it_takes_nothing(self, client, session, card):
        resolving.reopen(session, by=API)
        assert client.get(card).status_code == 410
        assert client.post(card, {"score": "4"}).status_code == 410
        assert client.post(f"{card}/shown").json() == {"first": False}
        assert scores() == []

    def test_asked_again_it_asks_with_the_rating_that_stands(self, client, session, token, card, later):
        client.post(card, {"score": "2", "comment": "Slow"})
        later(minutes=5)
        scheduling.request(session, origin="manual", by=API)
        sending.send_due()
        assert poll(client, token).json()["state"] == "due"
        assert form(client.get(card)).fields == {"score": "2", "comment": "Slow"}
        client.post(card, {"score": "4", "comment": "Better"})
        assert poll(client, token).json()["state"] == "answered"

    def test_the_language_the_host_names(self, client, card):
        answer = client.get(f"{card}?lang=ar")
        assert answer["Content-Language"] == "ar"
        assert 'dir="rtl"' in answer.content.decode()
        assert client.post(f"{card}?lang=ar", {"score": "4"})["Location"] == f"{card}?lang=ar"

    def test_an_unknown_token(self, client):
        assert client.get("/widget/card/nonsense").status_code == 404
        assert client.post("/widget/card/nonsense", {"score": "4"}).status_code == 404
        assert client.post("/widget/card/nonsense/shown").status_code == 404

    def test_a_rating_token_does_not_open_it(self, client, session):
        assert client.get(f"/widget/card/{rate_token(session.survey)}").status_code == 404

    def test_thirty_posts_a_minute(self, client, card, time_machine):
        time_machine.move_to("2026-11-22T10:00:01Z", tick=False)
        answers = [client.post(card, {"score": "9"}).status_code for _ in range(31)]
        assert answers == [422] * 30 + [429]


class TestAnotherLook:
    def test_it_is_offered_as_on_the_page_and_one_tap_reopens(self, client, session, card):
        change(by=API, reopen_by_customer=True)
        client.post(card, {"score": "1", "comment": "Broken"})
        assert "Still not solved?" in client.get(card).content.decode()
        for _twice in range(2):
            assert client.post(card, {"step": "reopen"}).status_code == 303
        page = client.get(card).content.decode()
        assert "Your conversation is open again. We look at it by" in page
        assert "Still not solved?" not in page
        assert session.again().status == "open"
        assert told("csat.reopened_by_customer") == 1

    def test_not_after_a_good_rating_switched_off_or_before_any(self, client, session, card):
        client.post(card, {"step": "reopen"})
        client.post(card, {"score": "1", "comment": "Broken"})
        client.post(card, {"step": "reopen"})
        change(by=API, reopen_by_customer=True)
        client.post(card, {"score": "4"})
        client.post(card, {"step": "reopen"})
        assert "Still not solved?" not in client.get(card).content.decode()
        assert told("csat.reopened_by_customer") == 0
