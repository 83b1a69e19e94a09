"""manage.py sending: what an operator sees and does."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone

from csat.lib.outcomes import Never
from csat.surveys.delivery import holds
from csat.surveys.models import CsatSettings
from csat.timeline.models import Event
from tests.factories import (
    API,
    mail_goes_away,
    make_failed_survey,
    make_resolved_session,
    restored,
    switch_on,
)
from tests.management.test_keys_and_erasing import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def failed(db):
    return make_failed_survey()


class TestStatus:
    def test_one_line_for_each_channel(self):
        switch_on("sms")
        make_resolved_session("sms")
        lines = run("sending").splitlines()
        assert "Email: off" in lines
        assert any(line.startswith("SMS: sending; 1 waiting, the oldest since 20") for line in lines)

    def test_what_holds_each_in_words(self):
        mail_goes_away()
        holds.pause("sms", by=API, reason="wrong text")
        holds.stop("slack", Never("token revoked", account=True))
        lines = "\n".join(run("sending", "status").splitlines())
        assert "Email: the provider is away since " in lines
        assert ": connection refused; tried next at " in lines
        assert " by Helpdesk: wrong text" in lines
        assert "Slack: stopped, our account is refused since " in lines
        assert run("sending", "--channel", "sms").count("\n") == 1

    def test_a_pause_of_everything_comes_first(self):
        holds.pause(None, by=API, reason="moving house")
        first = run("sending").splitlines()[0]
        assert first.startswith("All sending is paused since ")
        assert first.endswith(" by Helpdesk: moving house")


class TestHolding:
    def test_it_is_paused_and_resumed_by_the_shell(self):
        assert run("sending", "pause", "--reason", "moving house") == "All sending: paused.\n"
        assert CsatSettings.current().paused_reason == "moving house"
        assert run("sending", "pause") == "All sending: was paused already.\n"
        assert run("sending", "resume") == "All sending: resumed.\n"
        assert run("sending", "resume") == "All sending: was not paused.\n"
        assert Event.objects.filter(kind="audit", actor_name="manage.py").count() == 2

    def test_a_channel_stays_paused_when_everything_else_goes_on(self):
        run("sending", "pause")
        run("sending", "pause", "--channel", "sms")
        assert run("sending", "resume") == "All sending: resumed.\nStill paused: SMS.\n"

    def test_a_provider_is_tried(self):
        assert "not known to be away" in run("sending", "try", "--channel", "email")
        mail_goes_away()
        assert "Email: the next survey tries" in run("sending", "try")
        assert "tried now" in run("sending", "--channel", "email")


class TestResend:
    def test_a_dry_run_says_how_many_and_why(self, failed):
        words = run("sending", "resend", "--dry-run")
        assert "; 1 would be asked again." in words
        assert "Email: 1 × 554 refused (554), 1 would be asked" in words
        assert failed.again().state == "failed"

    def test_they_are_asked_again(self, failed):
        assert "; 1 asked again." in run("sending", "resend", "--channel", "email")
        assert failed.again().state == "scheduled"

    def test_who_is_not_asked_is_told(self, failed):
        failed.contact.change(opted_out_at=timezone.now())
        assert "not asked: 1 × opted out" in run("sending", "resend")

    @pytest.mark.parametrize("ahead", [timedelta(hours=1), timedelta(days=1)])
    def test_only_what_failed_since_then(self, failed, ahead):
        since = (timezone.now() + ahead).isoformat()
        assert run("sending", "resend", "--dry-run", f"--since={since}").startswith("0 failed since ")
        assert run("sending", "resend", "--dry-run", "--since=2026-01-01").startswith("1 failed since ")

    @pytest.mark.parametrize("words", [["--since=soon"], ["--since=2026-13-40"], ["--channel=fax"]])
    def test_what_cannot_be_understood_is_refused(self, words):
        with pytest.raises(CommandError):
            run("sending", "resend", *words)


class TestReleasing:
    def test_a_restored_database_is_released_by_the_shell(self):
        switch_on("sms")
        make_resolved_session("sms")
        restored()
        with pytest.raises(CommandError, match="release it instead"):
            run("sending", "resume")
        assert "1 surveys were due until" in run("sending", "release", "--dry-run")
        with pytest.raises(CommandError, match="--sent-until: This moment is yet to come"):
            run("sending", "release", "--sent-until", "2999-01-01")
        assert "Released. 1 surveys" in run("sending", "release")
        with pytest.raises(CommandError, match="Nothing is held"):
            run("sending", "release")
