"""Settings → CSAT: previews, test messages, the dry run, and channels that were stopped."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from csat.channels.kinds import SURVEYED
from csat.channels.outbox import SandboxMessage
from csat.surveys.models import ChannelSettings, CsatSettings
from tests.factories import make_resolved_session
from tests.web.settings.test_csat import HTMX, PAGE, as_it_is

pytestmark = pytest.mark.django_db


class TestPreview:
    @pytest.mark.parametrize("kind", [kind.value for kind in SURVEYED])
    def test_every_channel_shows_what_it_would_say(self, manager: Client, kind: str) -> None:
        answer = manager.post(
            f"{PAGE}preview/{kind}/", as_it_is(message_default="Hi {contact_name}!"), headers=HTMX
        )
        assert answer.status_code == 200
        assert b"<html" not in answer.content
        if kind not in ("email", "web_voice", "api"):
            assert b"Hi Ana Souza!" in answer.content

    def test_a_mail_is_shown_in_a_frame_with_the_words_typed(self, manager: Client) -> None:
        fragment = manager.post(
            f"{PAGE}preview/email/", as_it_is(message_default="Hi {agent_name}'s <b>friend</b>"), headers=HTMX
        )
        address = fragment.content.decode().split('<iframe src="')[1].split('"')[0].replace("&amp;", "&")
        mail = manager.get(address)
        assert "Hi Sam's &lt;b&gt;friend&lt;/b&gt;" in mail.content.decode()
        assert b"<script" not in mail.content
        policy = mail["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy
        assert "script-src" not in policy

    def test_the_words_of_the_language_shown_win(self, manager: Client) -> None:
        typed = as_it_is(
            message_default="Hello", message_de="Guten Tag", preview_channel="sms", preview_language="de"
        )
        assert b"Guten Tag" in manager.post(f"{PAGE}preview/", typed, headers=HTMX).content

    def test_an_sms_is_counted_in_segments(self, manager: Client) -> None:
        one = manager.post(
            f"{PAGE}preview/sms/", as_it_is(message_default="Short"), headers=HTMX
        ).content.decode()
        assert "1 SMS segment:" in one
        many = manager.post(
            f"{PAGE}preview/sms/", as_it_is(message_default="ж" * 90), headers=HTMX
        ).content.decode()
        assert "SMS segments:" in many
        assert "UCS-2" in many

    def test_without_javascript_the_whole_page_comes_back_with_all_that_was_typed(
        self, manager: Client
    ) -> None:
        typed = as_it_is(message_fr="Bonjour", contact_cap_days="oops", preview_channel="slack")
        page = manager.post(f"{PAGE}preview/", typed).content.decode()
        assert "<html" in page
        assert "Bonjour" in page
        assert 'value="oops"' in page

    @pytest.mark.parametrize("kind", ["instagram", "pigeon"])
    def test_a_channel_that_is_never_surveyed_has_none(self, manager: Client, kind: str) -> None:
        assert manager.post(f"{PAGE}preview/{kind}/", as_it_is()).status_code == 404
        assert manager.get(f"{PAGE}preview/{kind}/mail/").status_code == 404

    def test_nothing_is_saved(self, manager: Client) -> None:
        manager.post(f"{PAGE}preview/sms/", as_it_is(auto_send="on", message_default="Hi"), headers=HTMX)
        assert not CsatSettings.current().auto_send
        assert CsatSettings.current().custom_message == {}


class TestTestMessage:
    def test_it_goes_where_the_manager_says(self, manager: Client) -> None:
        answer = manager.post(f"{PAGE}test/sms/", {"test_to_sms": "+4915112345678"}, headers=HTMX)
        assert "Outbox" in answer.content.decode()
        assert SandboxMessage.objects.get().to == "+4915112345678"

    def test_the_managers_own_address_is_offered(self, manager: Client) -> None:
        assert 'name="test_to_email" value="maria@acme.example"' in manager.get(PAGE).content.decode()

    def test_without_an_address_it_asks_for_one(self, manager: Client) -> None:
        assert (
            b"Enter where to send the test."
            in manager.post(f"{PAGE}test/sms/", {"test_to_sms": " "}, headers=HTMX).content
        )
        assert not SandboxMessage.objects.exists()

    def test_without_javascript_nothing_typed_is_lost(self, manager: Client) -> None:
        page = manager.post(
            f"{PAGE}test/email/", as_it_is(message_fr="Bonjour", test_to_email="me@acme.example")
        ).content.decode()
        assert "Bonjour" in page
        assert SandboxMessage.objects.get().to == "me@acme.example"

    def test_nothing_is_sent_on_web_chat(self, manager: Client) -> None:
        assert (
            b"nothing to test" in manager.post(f"{PAGE}test/web/", {"test_to_web": "x"}, headers=HTMX).content
        )


class TestDryRun:
    def test_it_tells_how_many_would_have_been_asked_and_why_others_not(self, manager: Client) -> None:
        make_resolved_session("email")
        make_resolved_session("sms")
        answer = manager.post(f"{PAGE}dry-run/", as_it_is(auto_send="on", channel_email="on"), headers=HTMX)
        words = " ".join(answer.content.decode().split())
        assert "1 customer asked</span> instead of 0, 1 skipped (channel off 1)" in words

    def test_without_any_conversation_it_says_so(self, manager: Client) -> None:
        assert (
            b"No conversation was resolved"
            in manager.post(f"{PAGE}dry-run/", as_it_is(), headers=HTMX).content
        )

    def test_what_cannot_be_judged_is_not(self, manager: Client) -> None:
        answer = manager.post(f"{PAGE}dry-run/", as_it_is(sample_percent="lots"), headers=HTMX)
        assert b"Correct the errors above" in answer.content

    def test_nothing_is_saved(self, manager: Client) -> None:
        manager.post(f"{PAGE}dry-run/", as_it_is(auto_send="on", channel_email="on"), headers=HTMX)
        assert not CsatSettings.current().auto_send
        assert not ChannelSettings.objects.filter(enabled=True).exists()


class TestProviders:
    def test_the_sandbox_says_what_to_set(self, manager: Client) -> None:
        page = manager.get(PAGE).content.decode()
        assert "EMAIL_URL" in page
        assert "SLACK_BOT_TOKEN" in page

    def test_a_half_set_provider_says_what_is_missing(self, manager: Client, settings: Any) -> None:
        settings.SLACK_BOT_TOKEN = "xoxb-1"
        assert "Set SLACK_SIGNING_SECRET too" in manager.get(PAGE).content.decode()

    def test_a_stopped_channel_is_shown_and_tries_again(self, manager: Client) -> None:
        ChannelSettings.objects.create(
            kind="sms", enabled=True, stopped_at=timezone.now(), stopped_reason="20003 Authenticate"
        )
        assert "20003 Authenticate" in manager.get(PAGE).content.decode()
        page = manager.post(f"{PAGE}resume/sms/", as_it_is(message_fr="Bonjour")).content.decode()
        assert "SMS resumed." in page
        assert "20003" not in page
        assert "Bonjour" in page
        assert ChannelSettings.objects.get(kind="sms").stopped_at is None

    def test_another_ticketing_system_is_told_to_use_workflows(self, manager: Client) -> None:
        assert "Auto-send works only with Open" in manager.get(PAGE).content.decode()
