"""The thank-you page: having it looked at again, what became of the rating, taking the words back."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people.agents import agent_for_user
from csat.surveys.answers import answering, follow_ups
from csat.surveys.delivery import link_handouts
from csat.surveys.models import Answer, FollowUp, Score, Survey
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API
from tests.web.pages import form, rate, submit

pytestmark = pytest.mark.django_db


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.fixture
def rated(customer: Client, survey: Survey, address: str) -> str:
    """The thank-you page of somebody who gave a 1, where that is enough for another look."""
    settings.change(by=API, reopen_by_customer=True)
    answering.answer(survey, score=1, comment="Still broken", source="page")
    return address


class TestAnotherLook:
    def test_one_tap_reopens_without_javascript_and_says_until_when(
        self, customer: Client, survey: Survey, rated: str, agent_user: User
    ) -> None:
        survey.session.change(assignee=agent_for_user(agent_user))
        assert "Still not solved?" in text(customer, rated)
        answer = submit(customer, rated, step="reopen")
        assert answer.status_code == 303
        page = text(customer, answer.headers["Location"])
        assert "Your conversation is open again. We look at it by" in page
        assert "Still not solved?" not in page
        assert survey.session.again().status == "open"
        assert FollowUp.objects.get().owner == agent_user

    def test_a_promise_that_has_passed_is_not_promised_any_more(
        self, customer: Client, survey: Survey, rated: str
    ) -> None:
        settings.change(by=API, reopen_within_hours=2)
        submit(customer, rated, step="reopen")
        with time_machine.travel(timezone.now() + timedelta(hours=3)):
            page = text(customer, rated)
        assert "it takes longer than we promised" in page
        assert "at the latest" not in page

    def test_pressed_twice_it_happens_once(self, customer: Client, rated: str) -> None:
        opened = customer.get(rated)
        for _ in range(2):
            submit(customer, "", view=opened, step="reopen")
        assert Event.objects.filter(kind="csat.reopened_by_customer").count() == 1

    def test_a_link_scanner_reopens_nothing(self, customer: Client, survey: Survey, rated: str) -> None:
        for query in ("?step=reopen", "?reopen=1"):
            customer.get(rated + query)
        customer.post(rated, {"step": "reopen"})
        customer.post(rated, {"step": "reopen", "nonce": "made-up"})
        submit(customer, rated, step="reopen", leave_empty="x")
        assert survey.session.again().status == "closed_resolved"

    def test_by_a_link_that_staff_copied_nothing_is_offered(
        self, customer: Client, survey: Survey, rated: str, manager_user: User
    ) -> None:
        copied = "/r/" + link_handouts.copy(survey.session, manager_user).rpartition("/")[2]
        page = text(customer, rate(customer, copied, 1).headers["Location"])
        assert "Still not solved?" not in page
        nonce = form(customer.get(copied)).fields["nonce"]
        customer.post(copied, {"step": "reopen", "nonce": nonce, "gesture": "1"})
        customer.post(copied, {"step": "withdraw-surely", "nonce": nonce, "gesture": "1"})
        assert survey.session.again().status == "closed_resolved"
        assert Score.objects.get().comment == "Still broken"

    def test_in_a_browser_where_staff_are_logged_in_a_press_does_nothing(
        self, manager: Client, survey: Survey, rated: str
    ) -> None:
        opened = manager.get(rated)
        for step in ("reopen", "withdraw-surely"):
            submit(manager, "", view=opened, step=step)
        assert survey.session.again().status == "closed_resolved"
        assert Score.objects.get().comment == "Still broken"

    def test_after_a_good_rating_or_switched_off_it_is_not_offered(
        self, customer: Client, survey: Survey, address: str
    ) -> None:
        answering.answer(survey, score=1, source="api", by=API)
        assert "Still not solved?" not in text(customer, address)
        settings.change(by=API, reopen_by_customer=True)
        answering.answer(survey, score=4, source="api", by=API)
        assert "Still not solved?" not in text(customer, address)

    def test_the_time_is_the_customers(self, customer: Client, survey: Survey, rated: str) -> None:
        survey.contact.change(timezone="Asia/Tokyo")
        settings.change(by=API, reopen_within_hours=3)
        with time_machine.travel(datetime(2026, 12, 1, 9, 0, tzinfo=UTC), tick=False):
            survey.change(expires_at=datetime(2026, 12, 24, tzinfo=UTC))
            assert "9 p.m." in text(customer, rated)

    @pytest.mark.parametrize("language", ["ar", "de", "ja", "pt-br", "zh-hans"])
    def test_it_speaks_the_customers_language(self, language: str, customer: Client, rated: str) -> None:
        answering.answer(Survey.objects.get(), score=2, comment="So", about="product", source="page")
        page = text(customer, f"{rated}?lang={language}")
        assert "the product" not in page
        assert "Still not solved?" not in page
        assert "Withdraw my words" not in page
        assert 'value="reopen"' in page


class TestTheReceipt:
    def test_it_tells_who_read_it_and_what_was_done(
        self, customer: Client, manager: Client, manager_user: User, survey: Survey, rated: str
    ) -> None:
        assert "Read by a person" not in text(customer, rated)
        manager.get(f"/inbox/{survey.session.uuid}/")
        follow_ups.say_what_was_done(survey.session, manager_user, "We sent you <b>another</b> one.")
        follow_ups.mark_done(survey.session, manager_user)
        page = text(customer, rated)
        assert "Read by a person" in page
        assert "We sent you &lt;b&gt;another&lt;/b&gt; one." in page
        assert "Looked after" in page

    def test_staff_who_may_not_see_the_score_have_not_read_it(
        self, agent: Client, customer: Client, survey: Survey, rated: str
    ) -> None:
        settings.change(by=API, agents_see_own_only=True)
        agent.get(f"/inbox/{survey.session.uuid}/")
        assert Score.objects.get().seen_at is None

    def test_notes_of_the_team_are_never_told(
        self, customer: Client, manager_user: User, survey: Survey, rated: str
    ) -> None:
        follow_ups.save_note(survey.session, manager_user, "Difficult person")
        follow_ups.mark_done(survey.session, manager_user)
        assert "Difficult" not in text(customer, rated)


class TestWithdrawing:
    def test_words_that_came_with_an_earlier_rating_can_be_taken_back_too(
        self, customer: Client, survey: Survey, rated: str
    ) -> None:
        answering.answer(survey, score=4, source="page")
        submit(customer, rated, step="withdraw-surely")
        assert not Answer.objects.exclude(comment="").exists()

    def test_it_is_asked_once_more_and_then_the_words_are_gone(
        self, customer: Client, survey: Survey, rated: str
    ) -> None:
        page = customer.get(rated).content.decode()
        nonce = re.findall(r'name="nonce" value="([^"]+)"', page)[-1]
        sure = customer.post(rated, {"step": "withdraw", "nonce": nonce, "gesture": ""})
        assert "Withdraw your words?" in sure.content.decode()
        assert Score.objects.get().comment == "Still broken"
        answer = submit(customer, "", view=sure, step="withdraw-surely")
        page = text(customer, answer.headers["Location"])
        assert "Still broken" not in page
        assert "You withdrew your words on" in page
        assert not Answer.objects.exclude(comment="").exists()
        assert Score.objects.get().score == 1

    def test_without_words_it_is_not_offered(self, customer: Client, survey: Survey, address: str) -> None:
        answering.answer(survey, score=4, source="page")
        assert "Withdraw my words" not in text(customer, address)


class TestTheLink:
    @pytest.mark.parametrize("score", [1, 3, 5])
    def test_it_is_shown_after_every_rating_or_after_none(
        self, score: int, customer: Client, survey: Survey, address: str
    ) -> None:
        answering.answer(survey, score=score, comment="So", source="page")
        assert "Write a review" not in text(customer, address)
        settings.change(by=API, review_link="https://reviews.example/acme")
        page = text(customer, address)
        assert 'href="https://reviews.example/acme" rel="noopener noreferrer"' in page

    @pytest.mark.parametrize("link", ["http://reviews.example", "javascript:alert(1)", "reviews.example"])
    def test_only_an_https_address_is_taken(self, link: str) -> None:
        from csat.lib.refusal import Invalid

        with pytest.raises(Invalid) as refused:
            settings.change(by=API, review_link=link)
        assert "review_link" in refused.value.fields


def test_the_page_is_the_same_some_days_later(customer: Client, rated: str) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3)):
        assert "Withdraw my words" in text(customer, rated)
