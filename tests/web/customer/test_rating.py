"""The rating page: what a customer sees, and which posts count."""

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from csat.surveys import links
from csat.surveys.models import Answer, CsatSettings, Score
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.web import rate_limits
from tests.tokens import rate_token
from tests.web.pages import form, rate, submit

pytestmark = pytest.mark.django_db


def scores():
    return list(Score.objects.values_list("score", "comment"))


def kept_apart():
    return list(Answer.objects.filter(state="quarantined").values_list("score", "reason"))


class TestOpening:
    def test_the_page_asks_about_the_agent_and_the_conversation(self, customer, address, survey):
        html = customer.get(address).content.decode()
        assert "How was your conversation with Sam?" in html
        assert f"#{survey.session_id}" in html
        assert links.unsubscribe_url(survey.session) in html

    def test_the_teams_own_words_replace_the_default_line(self, customer, address):
        CsatSettings.objects.update(custom_message={"default": "Hi {contact_name}, how did {agent_name} do?"})
        assert "Hi Nadia Berg, how did Sam do?" in customer.get(address).content.decode()

    @pytest.mark.parametrize("score", "12345")
    def test_a_score_in_the_address_only_preselects(self, customer, address, score):
        assert form(customer.get(f"{address}?score={score}")).fields["score"] == score
        assert not Answer.objects.exists()

    @pytest.mark.parametrize("score", ["4.", "4)", "4。", "4」", '4"', "4_", "4).", "4/"])
    def test_what_a_program_added_to_a_link_is_passed_over(self, customer, address, score):
        assert form(customer.get(address, {"score": score})).fields["score"] == "4"

    @pytest.mark.parametrize("score", ["0", "6", "-1", "4.5", "44", ".4", "٤", "five", ""])
    def test_any_other_score_in_the_address_is_ignored(self, customer, address, score):
        response = customer.get(address, {"score": score})
        assert response.status_code == 200
        assert "score" not in form(response).fields

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_opening_writes_nothing_at_all(self, customer, address, method):
        with CaptureQueriesContext(connection) as queries:
            for score in range(1, 6):
                getattr(customer, method)(f"{address}?score={score}")
        assert [query["sql"] for query in queries if not query["sql"].startswith("SELECT")] == []
        assert len(queries) <= 5 * 8

    def test_nothing_about_the_visit_is_kept_or_told(self, customer, address):
        response = customer.get(address)
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["Cache-Control"] == "no-store"
        assert "noindex" in response["X-Robots-Tag"]
        assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
        assert "unsafe" not in response["Content-Security-Policy"]
        assert not response.cookies
        assert "Cookie" not in response.get("Vary", "")

    def test_a_login_is_not_looked_at(self, agent, address):
        with CaptureQueriesContext(connection) as queries:
            assert agent.get(address).status_code == 200
        assert not [query for query in queries if "django_session" in query["sql"]]


class TestSending:
    def test_no_cookie_is_needed(self, address):
        stranger = Client(enforce_csrf_checks=True)
        assert rate(stranger, address, 4).status_code == 303
        assert not stranger.cookies

    def test_a_face_and_a_gesture_are_a_rating(self, customer, address):
        response = rate(customer, address, 5, comment="Quick,\r\nthanks ")
        assert (response.status_code, response["Location"]) == (303, address)
        assert scores() == [(5, "Quick,\nthanks")]
        assert Answer.objects.get().source == "page"

    def test_afterwards_the_page_says_thank_you(self, customer, address, survey):
        rate(customer, address, 4, comment="Fine")
        html = customer.get(address).content.decode()
        assert "Thank you!" in html
        assert "Fine" in html
        assert "Change my answer" in html
        assert links.unsubscribe_url(survey.session) in html

    def test_a_changed_answer_replaces_the_earlier_one(self, customer, address):
        rate(customer, address, 5, comment="Great")
        changing = customer.get(f"{address}?change=1")
        assert form(changing).fields["score"] == "5"
        assert form(changing).fields["comment"] == "Great"
        submit(customer, address, view=changing, score=3, gesture="1")
        assert scores() == [(3, "Great")]
        assert Answer.objects.count() == 2

    def test_another_face_in_the_message_opens_the_form_again(self, customer, address):
        rate(customer, address, 5)
        assert form(customer.get(f"{address}?score=3")).fields["score"] == "3"
        assert scores() == [(5, "")]

    @pytest.mark.parametrize("score", ["", "0", "6", "abc", "٤", "4.0"])
    def test_no_face_is_told_beside_the_faces_and_the_comment_is_kept(self, customer, address, score):
        response = rate(customer, address, score, comment="I wrote a lot")
        html = response.content.decode()
        assert response.status_code == 422
        assert "Please choose one of the five faces." in html
        assert 'aria-describedby="score-error"' in html
        assert form(response).fields["comment"] == "I wrote a lot"
        assert not Answer.objects.exists()

    def test_a_comment_of_5000_is_taken_and_one_more_told(self, customer, address):
        assert rate(customer, address, 4, comment="x" * 5001).status_code == 422
        assert rate(customer, address, 4, comment="\r\n".join(["y" * 99] * 50)).status_code == 303

    @pytest.mark.parametrize(
        "comment",
        ["😀\n" * 1666 + "😀", "a\n" * 2499 + "aa", "👩‍👩‍👧‍👦🏳️‍🌈" * 200],
        ids=["emoji", "lines", "families"],
    )
    def test_what_the_box_lets_through_is_taken_whole(self, customer, address, comment):
        """getgrav/grav#3324, jquery-validation#1264: the box counts UTF-16 and LF, the form sends CRLF."""
        assert len(comment.encode("utf-16-le")) // 2 <= 5000
        assert rate(customer, address, 5, comment=comment.replace("\n", "\r\n")).status_code == 303
        assert Score.objects.get().comment == comment

    def test_what_it_was_about_is_asked_after_a_low_or_middling_score_only(self, customer, address):
        assert b"What was it about?" not in customer.get(address).content
        CsatSettings.objects.update(ask_about=True)
        assert b"What was it about?" in customer.get(address).content
        rate(customer, address, 3, about="product")
        assert Score.objects.get().about == "product"
        rate(customer, f"{address}?change=1", 4, about="product")
        assert Score.objects.get().about is None

    def test_a_made_up_reason_is_dropped(self, customer, address):
        rate(customer, address, 3, about="<script>")
        assert Score.objects.get().about is None

    def test_a_comment_is_shown_as_text(self, customer, address):
        rate(customer, address, 4, comment="<script>alert(1)</script>")
        assert "&lt;script&gt;" in customer.get(address).content.decode()

    def test_other_methods_are_refused(self, customer, address):
        assert customer.put(address).status_code == 405


class TestLowScores:
    def test_a_low_score_without_words_is_saved_and_asked_why(self, customer, address):
        rate(customer, address, 1)
        assert scores() == [(1, "")]
        assert "What went wrong?" in customer.get(address).content.decode()
        assert dispatching.fan_out() > 0
        assert Event.objects.get(kind=Kind.CSAT_SUBMITTED).dispatched_at is None

    def test_the_words_join_the_same_submission(self, customer, address):
        rate(customer, address, 2)
        response = submit(customer, address, comment="Nobody called back", step="comment")
        assert (response.status_code, response["Location"]) == (303, address)
        assert scores() == [(2, "Nobody called back")]
        assert Answer.objects.count() == 1
        dispatching.fan_out()
        told = Event.objects.get(kind=Kind.CSAT_SUBMITTED)
        assert told.dispatched_at is not None
        assert told.data["comment"] == "Nobody called back"
        assert "Thank you!" in customer.get(address).content.decode()

    @pytest.mark.parametrize(
        "said", [{"step": "skip", "comment": "not sent"}, {"step": "comment", "comment": ""}]
    )
    def test_skipping_lets_the_others_hear_of_it(self, customer, address, said):
        rate(customer, address, 2)
        submit(customer, address, **said)
        assert scores() == [(2, "")]
        dispatching.fan_out()
        assert Event.objects.get(kind=Kind.CSAT_SUBMITTED).dispatched_at is not None
        assert "Thank you!" in customer.get(address).content.decode()

    def test_words_that_come_late_are_the_next_revision(self, customer, address):
        rate(customer, address, 2)
        asked = customer.get(address)
        with time_machine.travel(3 * 60 + Event.objects.get(kind=Kind.CSAT_SUBMITTED).at.timestamp()):
            dispatching.fan_out()
            assert "Thank you!" in customer.get(address).content.decode()
            submit(customer, address, view=asked, comment="Late", step="comment")
        assert scores() == [(2, "Late")]
        assert Answer.objects.count() == 2

    def test_a_low_score_with_words_is_not_asked_again(self, customer, address):
        rate(customer, address, 1, comment="Slow")
        assert "Thank you!" in customer.get(address).content.decode()

    def test_words_for_another_survey_are_not_taken(self, customer, address):
        rate(customer, address, 1)
        submit(customer, address, comment="x", step="comment", answer="11111111-1111-1111-1111-111111111111")
        submit(customer, address, comment="x", step="comment", answer="nonsense")
        submit(customer, address, comment="x", step="comment", nonce="forged")
        assert scores() == [(1, "")]

    def test_too_many_words_are_told_and_kept(self, customer, address):
        rate(customer, address, 1)
        response = submit(customer, address, comment="x" * 5001, step="comment")
        assert response.status_code == 422
        assert form(response).fields["comment"] == "x" * 5001


class TestWithoutJavaScript:
    def test_one_more_tap_confirms(self, customer, address):
        asked = submit(customer, address, score=4, comment="Fine\r\nand well")
        assert asked.status_code == 200
        assert not Answer.objects.exists()
        assert "Send this rating?" in asked.content.decode()
        assert submit(customer, address, view=asked).status_code == 303
        assert scores() == [(4, "Fine\nand well")]
        assert Answer.objects.get().provenance["confirmed"] is True

    @pytest.mark.parametrize(
        "other", [{"score": 1}, {"comment": "Awful"}, {"about": "product"}, {"confirm": "00"}]
    )
    def test_a_confirmation_holds_only_for_what_was_said(self, customer, address, other):
        asked = submit(customer, address, score=3, comment="Fine")
        again = submit(customer, address, view=asked, **other)
        assert "Send this rating?" in again.content.decode()
        assert not Answer.objects.exists()

    def test_it_can_be_changed_before(self, customer, address):
        asked = submit(customer, address, score=4, comment="Fine")
        back = form(submit(customer, address, view=asked, step="edit"))
        assert (back.fields["score"], back.fields["comment"]) == ("4", "Fine")
        assert not Answer.objects.exists()

    def test_a_low_score_is_asked_why_here_too(self, customer, address):
        asked = submit(customer, address, score=1)
        submit(customer, address, view=asked)
        assert "What went wrong?" in customer.get(address).content.decode()
        submit(customer, address, comment="Slow", step="comment")
        assert scores() == [(1, "Slow")]


class TestSuspicion:
    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ({"nonce": ""}, "no_nonce"),
            ({"nonce": "made:up:1"}, "bad_nonce"),
            ({"leave_empty": "http://spam.example"}, "honeypot"),
        ],
    )
    def test_such_a_post_is_kept_apart_and_thanked(self, customer, address, said, reason):
        response = rate(customer, address, 5, **said)
        assert response.status_code == 303
        assert "Thank you!" in customer.get(response["Location"]).content.decode()
        assert kept_apart() == [(5, reason)]
        assert scores() == []

    def test_a_bare_post_is_kept_apart(self, customer, address):
        assert customer.post(address, {"score": 1}).status_code == 303
        assert kept_apart() == [(1, "no_nonce")]

    def test_the_customer_can_still_rate_after_a_machine_did(self, customer, address):
        customer.post(address, {"score": 1})
        assert "How was your conversation" in customer.get(address).content.decode()
        rate(customer, address, 5)
        assert scores() == [(5, "")]

    def test_a_page_of_another_survey_does_not_open_this_one(self, customer, address):
        from tests.factories import make_sent_survey

        other = form(customer.get(f"/r/{rate_token(make_sent_survey('email'))}"))
        customer.post(address, other.fields | {"score": 5, "gesture": "1"})
        assert kept_apart() == [(5, "bad_nonce")]

    def test_three_different_scores_from_three_pages_leave_the_first(self, customer, address):
        for score in (3, 1, 5, 4):
            rate(customer, f"{address}?change=1", score, comment="?")
        assert scores() == [(3, "?")]
        assert kept_apart() == [(1, "many_scores"), (5, "many_scores"), (4, "many_scores")]
        last = Event.objects.filter(kind=Kind.CSAT_SUBMITTED).last()
        assert (last.data["score"], last.data["previous_score"]) == (3, 1)

    def test_a_person_may_change_their_mind_slowly(self, customer, address):
        with time_machine.travel("2026-11-22T10:00:00Z", tick=False) as clock:
            for score in (3, 1, 5):
                rate(customer, f"{address}?change=1", score, comment="?")
                clock.shift(6)
        assert scores() == [(5, "?")]

    def test_and_quickly_on_one_page(self, customer, address):
        view = customer.get(address)
        for score in (3, 1, 5):
            submit(customer, address, view=view, score=score, gesture="1", comment="?")
        assert scores() == [(5, "?")]


class TestLimits:
    def test_the_31st_post_in_a_minute_waits(self, customer, address):
        with time_machine.travel("2026-11-22T10:00:20Z", tick=False):
            answers = [customer.post(address, {"score": ""}).status_code for _ in range(30)]
            response = customer.post(address, {"score": 5})
        assert set(answers) == {422}
        assert response.status_code == 429
        assert response["Retry-After"] == "40"
        assert "Please wait a minute" in response.content.decode()

    def test_looking_is_never_limited(self, customer, address):
        assert {customer.get(address).status_code for _ in range(40)} == {200}

    def test_an_address_that_guesses_tokens_waits_after_600(self, customer, address, monkeypatch):
        assert rate_limits.PER_ADDRESS == 600
        monkeypatch.setattr(rate_limits, "PER_ADDRESS", 3)  # the same, sooner
        with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
            assert [customer.post(f"/r/{guess}").status_code for guess in range(4)] == [404, 404, 404, 429]
            assert customer.post("/r/5", REMOTE_ADDR="192.0.2.7").status_code == 404


class TestOtherStates:
    def test_unknown_and_revoked_are_told_alike(self, customer, address, survey):
        links.revoke(survey.links.get(), by=SYSTEM)
        revoked, unknown = customer.get(address), customer.get("/r/" + "x" * 43)
        assert revoked.status_code == unknown.status_code == 404
        assert revoked.content == unknown.content
        assert "This link does not work" in unknown.content.decode()
        assert customer.post(address, {"score": 5}).status_code == 404

    @pytest.mark.parametrize(
        ("state", "words"), [("expired", "This link has expired"), ("cancelled", "nothing to rate right now")]
    )
    def test_expired_and_withdrawn_have_their_own_page(self, customer, address, survey, state, words):
        survey.change(state=state)
        for response in (customer.get(address), customer.post(address, {"score": 5})):
            assert response.status_code == 410
            assert words in response.content.decode()
            assert response["Cache-Control"] == "no-store"
        assert not Answer.objects.exists()
