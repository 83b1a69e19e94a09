"""Settings → CSAT, what holds surveys back: seen, paused, resumed, tried, and asked again."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.channels import circuits, registry
from csat.channels.circuits import Way
from csat.lib.outcomes import Never
from csat.surveys.delivery import holds
from csat.surveys.models import ChannelSettings, CsatSettings, Delivery, Survey
from csat.timeline.models import Event
from tests.factories import (
    API,
    mail_goes_away,
    make_failed_survey,
    make_resolved_session,
    restored,
    switch_on,
)
from tests.web.settings.test_csat import HTMX, PAGE, as_it_is

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


@pytest.fixture
def failed(db: Any) -> Survey:
    return make_failed_survey("554 Sender <refused>")


class TestSeeing:
    def test_while_all_is_well_it_is_calm(self, manager: Client) -> None:
        page = text_of(manager.get(PAGE))
        assert "Surveys go out as soon as they are due." in page
        assert not re.search("since|surveys? waits?,|Try now|Surveys that failed", page)

    def test_a_provider_that_is_away_says_since_when_what_it_said_and_when_it_is_tried(
        self, manager: Client
    ) -> None:
        mail_goes_away("[Errno 111] Connection refused")
        manager.cookies["tz"] = "Asia/Kolkata"
        at = timezone.now() + timedelta(hours=5, minutes=30)
        page = text_of(manager.get(PAGE))
        assert f"provider away since {at:%H:%M}" in page
        assert "[Errno 111] Connection refused" in page
        assert "Tried again in 1 min" in page
        assert "Try now" in page
        assert b'data-hx-trigger="every 10s"' in manager.get(PAGE).content

    def test_how_many_wait_and_since_when(self, manager: Client) -> None:
        switch_on("sms")
        make_resolved_session("sms")
        make_resolved_session("sms")
        Delivery.objects.update(due_since=timezone.now() - timedelta(days=30, hours=1))
        then = timezone.localtime(Delivery.objects.first().due_since)
        assert f"2 surveys wait, the oldest since {then.day} {then:%b, %H:%M}" in text_of(manager.get(PAGE))

    def test_what_people_and_providers_wrote_is_escaped(self, manager: Client) -> None:
        holds.pause(None, by=API, reason="<b>now</b>")
        assert b"&lt;b&gt;now&lt;/b&gt;" in manager.get(PAGE).content

    def test_it_costs_as_much_whatever_is_held(
        self, manager: Client, failed: Survey, django_assert_max_num_queries: Any
    ) -> None:
        mail_goes_away("[Errno 111] Connection refused")
        holds.pause("sms", by=API)
        manager.get(PAGE)
        with django_assert_max_num_queries(16):
            manager.get(PAGE)


class TestPausing:
    def test_all_is_paused_with_a_reason_and_resumed(self, manager: Client) -> None:
        mail_goes_away("[Errno 111] Connection refused")
        answer = manager.post(f"{PAGE}pause/", {"pause_reason_all": " New mail server "}, headers=HTMX)
        assert (answer.status_code, b"<html" in answer.content) == (200, False)
        assert "All sending paused." in answer["HX-Trigger"]
        settings = CsatSettings.current()
        assert (settings.paused_by, settings.paused_reason) == ("Maria", "New mail server")
        page = text_of(manager.get(PAGE))
        assert "All sending is paused" in page
        assert f"since {settings.paused_at:%H:%M} by Maria" in page
        assert "New mail server" in page
        assert "Try now" not in page
        manager.post(f"{PAGE}resume/", headers=HTMX)
        assert CsatSettings.current().paused_at is None
        audited = Event.objects.filter(kind="audit").order_by("id").values_list("data__what", flat=True)
        assert list(audited)[-2:] == ["sending.paused", "sending.resumed"]

    def test_one_channel_is_paused_and_resumed(self, manager: Client) -> None:
        switch_on("sms", "email")
        answer = manager.post(f"{PAGE}pause/sms/", {"pause_reason_sms": "wrong text"}, headers=HTMX)
        assert "wrong text" in text_of(answer)
        paused = ChannelSettings.objects.exclude(paused_at=None)
        assert [(row.kind, row.enabled, row.paused_reason) for row in paused] == [("sms", True, "wrong text")]
        answer = manager.post(f"{PAGE}resume/sms/", headers=HTMX)
        assert "SMS resumed." in answer["HX-Trigger"]
        assert not ChannelSettings.objects.exclude(paused_at=None).exists()

    def test_htmx_puts_each_part_in_its_place_and_leaves_the_form_alone(self, manager: Client) -> None:
        answer = manager.post(f"{PAGE}pause/sms/", {}, headers=HTMX).content.decode()
        assert len(re.findall(r'id="(sending|state-\w+|hold-\w+)" data-hx-swap-oob="true"', answer)) == 17
        assert 'id="settings"' not in answer

    @pytest.mark.parametrize("path", ["pause/", "pause/sms/", "resume/sms/", "try/sms/"])
    def test_without_javascript_nothing_typed_is_lost(self, manager: Client, path: str) -> None:
        page = manager.post(
            f"{PAGE}{path}", as_it_is(message_fr="Bonjour", delay_seconds="900")
        ).content.decode()
        assert "<html" in page
        assert "Bonjour" in page
        assert CsatSettings.current().custom_message == {}

    def test_doing_it_twice_is_told(self, manager: Client) -> None:
        for said in ("paused.", "paused already."):
            assert said in manager.post(f"{PAGE}pause/sms/", {}, headers=HTMX)["HX-Trigger"]
        for said in ("resumed.", "resumed already."):
            assert said in manager.post(f"{PAGE}resume/sms/", {}, headers=HTMX)["HX-Trigger"]

    @pytest.mark.parametrize("verb", ["pause", "resume", "try"])
    def test_a_channel_that_is_never_surveyed_has_none_of_it(self, manager: Client, verb: str) -> None:
        assert manager.post(f"{PAGE}{verb}/instagram/").status_code == 404

    def test_an_agent_holds_nothing_back(self, agent: Client) -> None:
        assert agent.post(f"{PAGE}pause/").status_code == 403
        assert CsatSettings.current().paused_at is None


class TestTrying:
    def test_one_survey_tries_at_once(self, manager: Client) -> None:
        mail_goes_away("[Errno 111] Connection refused")
        answer = manager.post(f"{PAGE}try/email/", {}, headers=HTMX)
        assert "one survey is sent now" in answer["HX-Trigger"]
        assert "The next survey tries whether it is back." in text_of(answer)
        assert circuits.find(Way.of(registry.get("email"))).state == "half_open"

    def test_a_provider_that_came_back_meanwhile_is_told(self, manager: Client) -> None:
        assert "is back" in manager.post(f"{PAGE}try/email/", {}, headers=HTMX)["HX-Trigger"]

    def test_an_open_page_hears_what_became_of_it(self, manager: Client) -> None:
        assert "Surveys go out" in text_of(manager.get(f"{PAGE}sending/", headers=HTMX))
        assert manager.get(f"{PAGE}sending/")["Location"] == PAGE

    def test_a_test_message_that_arrives_ends_a_stop_on_the_page_too(self, manager: Client) -> None:
        holds.stop("sms", Never("20003 Authenticate", account=True))
        answer = manager.post(f"{PAGE}test/sms/", {"test_to_sms": "+4915112345678"}, headers=HTMX)
        assert b'id="state-sms" data-hx-swap-oob="true"' in answer.content
        assert b"20003" not in answer.content


class TestAskingAgain:
    def test_the_dry_run_says_how_many_and_why(self, manager: Client, failed: Survey) -> None:
        assert "Surveys that failed" in text_of(manager.get(PAGE))
        table = text_of(manager.post(f"{PAGE}resend/", {"resend_days": "7"}, headers=HTMX))
        assert "Email 554 Sender &lt;refused&gt; (554) 1 1" in table
        assert "Ask 1 customer again" in table
        assert failed.again().state == "failed"

    def test_who_is_not_asked_is_told_with_the_reason(self, manager: Client, failed: Survey) -> None:
        failed.contact.change(opted_out_at=timezone.now())
        table = text_of(manager.post(f"{PAGE}resend/", {}, headers=HTMX))
        assert "Not asked: opted out 1" in table
        assert "again" not in table

    def test_the_channel_narrows_it(self, manager: Client, failed: Survey) -> None:
        answer = manager.post(f"{PAGE}resend/", {"resend_channel": "sms", "resend_days": "1"}, headers=HTMX)
        assert "No survey failed in this period" in text_of(answer)

    def test_confirmed_they_are_asked_again(self, manager: Client, failed: Survey) -> None:
        answer = manager.post(f"{PAGE}resend/run/", {"resend_days": "30"}, headers=HTMX)
        assert "1 customer is asked again." in text_of(answer)
        assert "No survey failed" in text_of(answer)
        assert failed.again().state == "scheduled"
        assert failed.deliveries.latest("id").asked_by["name"] == "Maria"

    def test_what_is_left_is_told(self, manager: Client, failed: Survey, monkeypatch: Any) -> None:
        from csat.surveys.delivery import resending

        done = resending.Resend(since=timezone.now(), asked=500, left=20)
        monkeypatch.setattr(resending, "run", lambda **_: done)
        monkeypatch.setattr(resending, "dry_run", lambda **_: replace(done, failed=500))
        answer = manager.post(f"{PAGE}resend/run/", {}, headers=HTMX)
        assert "500 customers are asked again. 20 surveys are left: press the button again." in text_of(
            answer
        )

    def test_without_javascript_it_is_the_same(self, manager: Client, failed: Survey) -> None:
        typed = as_it_is(message_fr="Bonjour", resend_days="7", resend_channel="email")
        page = manager.post(f"{PAGE}resend/", typed).content.decode()
        assert "Ask 1 customer again" in " ".join(page.split())
        assert re.search(r'<option value="7" selected', page)
        done = manager.post(f"{PAGE}resend/run/", typed).content.decode()
        assert "1 customer is asked again." in done
        assert "Bonjour" in done

    def test_an_agent_asks_nobody_again(self, agent: Client, failed: Survey) -> None:
        assert agent.post(f"{PAGE}resend/run/").status_code == 403
        assert failed.again().state == "failed"


class TestReleasing:
    """After a restore."""

    @pytest.fixture
    def restored(self) -> Any:
        switch_on("sms")
        survey = make_resolved_session("sms").survey
        restored(timedelta(hours=2))
        return survey

    def test_it_is_said_in_words_and_released_not_resumed(self, manager: Client, restored: Survey) -> None:
        page = manager.get(PAGE)
        assert "Restored from a backup: nothing is sent until it is released" in text_of(page)
        assert b'id="resume-all"' not in page.content
        refused = manager.post("/settings/csat/resume/", as_it_is(), headers=HTMX)
        assert "release it instead" in refused.headers["HX-Trigger"]
        answer = manager.post("/settings/csat/release/", as_it_is(), headers=HTMX)
        assert "1 survey that was due before is not sent" in answer.headers["HX-Trigger"]
        assert "Surveys go out as soon as they are due." in text_of(answer)
        assert Delivery.objects.get().error_code == "restored"

    def test_a_restore_that_was_killed_is_not_released(self, manager: Client) -> None:
        now = timezone.now()
        CsatSettings.current().change(paused_at=now, restored_from=now)
        answer = manager.post("/settings/csat/release/", as_it_is(), follow=True)
        assert "The restore has not come to its end: run manage.py restore again" in text_of(answer)
        assert CsatSettings.current().restored_from

    def test_it_works_without_javascript(self, manager: Client, restored: Survey) -> None:
        answer = manager.post("/settings/csat/release/", as_it_is())
        assert "1 survey that was due before is not sent" in text_of(answer)

    def test_what_takes_too_long_says_how_to_go_on(
        self, manager: Client, restored: Survey, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr("csat.web.settings.sending.RELEASE_SECONDS", -1.0)
        answer = manager.post("/settings/csat/release/", as_it_is(), headers=HTMX)
        assert "press the button again" in answer.headers["HX-Trigger"]
        assert CsatSettings.current().restored_from
