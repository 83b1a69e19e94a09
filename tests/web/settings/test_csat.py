"""Settings → CSAT: one form, one audited change, nothing typed is lost."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from csat.surveys.models import ChannelSettings, CsatSettings
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.web.settings.csat_texts import LANGUAGES
from tests.pictures import png

pytestmark = pytest.mark.django_db

PAGE = "/settings/csat/"
HTMX = {"HX-Request": "true"}
PNG = png()


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def as_it_is(**changed: Any) -> dict[str, Any]:
    """What the browser posts when only these were changed; None leaves a field out, like an unticked box."""
    form = {
        "delay_seconds": "0", "ticketing_system": "open", "contact_cap_days": "0", "sample_percent": "100",
        "quiet_start": "", "quiet_end": "", "link_days": "30", "reminder_days": "0",
        "ask_within_hours": "72", "fallback_after_hours": "", "quiet_after_days": "30", "skip_staff": "on",
        "guaranteed_delivery": "on", "agents_may_copy_links": "on", "brand_name": "Support",
        "brand_color": "#2f5fd0", "reply_to": "", "reopen_within_hours": "24", "languages": list(LANGUAGES),
    } | changed  # fmt: skip
    return {name: value for name, value in form.items() if value is not None}


def as_shown(page: str, **changed: Any) -> dict[str, Any]:
    """The same, from this page, with what it keeps of the values it showed at first."""
    kept: dict[str, Any] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="(initial-[a-z_-]+)"(?: value="([^"]*)")?', page
    ):
        kept.setdefault(name, []).append(html.unescape(value))
    assert len(kept) > 30
    return as_it_is(**changed) | kept


def opened(client: Client) -> str:
    return client.get(PAGE).content.decode()


def rules() -> CsatSettings:
    return CsatSettings.current()


def test_the_index_of_the_page_leads_to_each_of_its_parts(manager: Client) -> None:
    page = manager.get(PAGE).content.decode()
    index = page.split('class="on-this-page')[1].split("</nav>")[0]
    targets = re.findall(r'href="#([\w-]+)"', index)
    assert len(targets) == 5
    assert [target for target in targets if f'id="{target}"' not in page] == []


class TestSaving:
    def test_everything_is_off_at_first(self, manager: Client) -> None:
        page = manager.get(PAGE).content.decode()
        assert "checked" not in page.split('id="id_auto_send"')[0].rsplit("<input", 1)[1]
        assert not rules().auto_send

    def test_one_save_changes_many_settings_and_is_audited_once(self, manager: Client) -> None:
        answer = manager.post(
            PAGE, as_it_is(auto_send="on", delay_seconds="300", contact_cap_days="7", channel_email="on")
        )
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        assert (rules().auto_send, rules().delay_seconds, rules().contact_cap_days) == (True, 300, 7)
        assert ChannelSettings.objects.get(kind="email").enabled
        audit = Event.objects.get(kind=Kind.AUDIT)
        assert audit.actor_name == "maria"
        assert audit.data["after"]["delay_seconds"] == 300
        assert audit.data["before"]["delay_seconds"] == 0

    def test_the_page_says_what_changed(self, manager: Client) -> None:
        page = manager.post(
            PAGE, as_it_is(delay_seconds="900", quiet_start="21:00", quiet_end="08:00"), follow=True
        ).content.decode()
        assert "Delay: 15m" in page
        assert "Quiet from: 21:00" in page

    def test_htmx_gets_the_form_again_and_a_toast(self, manager: Client) -> None:
        answer = manager.post(PAGE, as_it_is(delay_seconds="3600"), headers=HTMX)
        assert answer.status_code == 200
        assert b"<html" not in answer.content
        assert "Delay: 1h" in answer["HX-Trigger"]

    def test_saving_what_is_there_changes_nothing(self, manager: Client) -> None:
        page = manager.post(PAGE, as_it_is(), follow=True).content.decode()
        assert "Nothing changed" in page
        assert not Event.objects.filter(kind=Kind.AUDIT).exists()

    def test_words_in_one_language_are_kept_and_can_be_taken_away(self, manager: Client) -> None:
        manager.post(PAGE, as_it_is(message_default="How was it?", message_de="Wie war es?"))
        assert rules().custom_message == {"default": "How was it?", "de": "Wie war es?"}
        manager.post(PAGE, as_it_is(message_default="How was it?"))
        assert rules().custom_message == {"default": "How was it?"}

    def test_all_languages_are_kept_as_no_choice(self, manager: Client) -> None:
        manager.post(PAGE, as_it_is(languages=["en", "de"]))
        assert rules().languages == ["en", "de"]
        manager.post(PAGE, as_it_is())
        assert rules().languages == []

    def test_what_somebody_else_saved_meanwhile_stays(self, manager: Client, admin: Client) -> None:
        page = opened(manager)
        admin.post(
            PAGE, as_shown(opened(admin), delay_seconds="300", channel_sms="on", message_de="Wie war es?")
        )
        told = manager.post(
            PAGE, as_shown(page, sample_percent="50", channel_email="on"), follow=True
        ).content.decode()
        assert (rules().delay_seconds, rules().sample_percent, rules().custom_message) == (
            300,
            50,
            {"de": "Wie war es?"},
        )
        assert set(ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True)) == {
            "email",
            "sms",
        }
        assert "Saved. Ask only a sample of: 50 · Email: on" in told

    def test_of_two_who_changed_the_same_the_later_one_wins(self, manager: Client, admin: Client) -> None:
        page = opened(manager)
        admin.post(PAGE, as_shown(opened(admin), delay_seconds="300", auto_send="on"))
        manager.post(PAGE, as_shown(page, delay_seconds="900"))
        assert (rules().delay_seconds, rules().auto_send) == (900, True)

    def test_a_refused_save_still_knows_what_was_shown_at_first(self, manager: Client, admin: Client) -> None:
        refused = manager.post(PAGE, as_shown(opened(manager), sample_percent="500", link_days="14"))
        assert refused.status_code == 422
        admin.post(PAGE, as_shown(opened(admin), delay_seconds="300"))
        manager.post(PAGE, as_shown(refused.content.decode(), sample_percent="50", link_days="14"))
        assert (rules().delay_seconds, rules().sample_percent, rules().link_days) == (300, 50, 14)

    def test_quiet_hours_can_be_taken_away(self, manager: Client) -> None:
        manager.post(PAGE, as_it_is(quiet_start="21:00", quiet_end="08:00"))
        assert settings.as_dict()["quiet_hours"] == {"start": "21:00", "end": "08:00"}
        manager.post(PAGE, as_it_is())
        assert settings.as_dict()["quiet_hours"] is None


class TestMistakes:
    @pytest.mark.parametrize(
        ("field", "typed", "says"),
        [
            ("sample_percent", "101", "less than or equal to 100"),
            ("contact_cap_days", "seven", "whole number"),
            ("link_days", "0", "greater than or equal to 1"),
            ("reply_to", "not an address", "valid email"),
            ("brand_color", "red", "valid value"),
            ("message_de", "x" * 1001, "at most 1000"),
            ("quiet_start", "21:00", "a start and an end"),
        ],
    )
    def test_each_is_told_beside_its_field_and_nothing_typed_is_lost(
        self, manager: Client, field: str, typed: str, says: str
    ) -> None:
        answer = manager.post(PAGE, as_it_is(auto_send="on", message_fr="Bonjour", **{field: typed}))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert says in page
        assert f'value="{typed}"' in page or typed in page
        assert "Bonjour" in page
        assert not rules().auto_send

    def test_quiet_hours_of_no_length_are_refused_by_the_rule_itself(self, manager: Client) -> None:
        answer = manager.post(PAGE, as_it_is(quiet_start="08:00", quiet_end="08:00"))
        assert answer.status_code == 422
        assert b"Start and end must differ." in answer.content

    def test_an_agent_changes_nothing(self, agent: Client) -> None:
        assert agent.post(PAGE, as_it_is(auto_send="on")).status_code == 403
        assert not rules().auto_send


class TestLogo:
    def test_a_picture_is_taken_under_a_name_of_ours(self, manager: Client) -> None:
        manager.post(PAGE, as_it_is(brand_logo=SimpleUploadedFile("../../evil.html", PNG)))
        assert rules().brand_logo.name == "brand/logo.png"

    def test_it_stays_when_something_else_is_saved_and_goes_when_asked(self, manager: Client) -> None:
        manager.post(PAGE, as_it_is(brand_logo=SimpleUploadedFile("logo.png", PNG)))
        manager.post(PAGE, as_it_is(contact_cap_days="3"))
        assert rules().brand_logo
        manager.post(PAGE, as_it_is(no_logo="on"))
        assert not rules().brand_logo

    def test_one_that_is_replaced_or_removed_stays_on_no_disk(
        self, manager: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        for change in ({"brand_logo": SimpleUploadedFile("a.png", png(2, 2))}, {"no_logo": "on"}):
            manager.post(PAGE, as_it_is(brand_logo=SimpleUploadedFile("logo.png", PNG)))
            old = rules().brand_logo
            with django_capture_on_commit_callbacks(execute=True):
                manager.post(PAGE, as_it_is(**change))
            assert not old.storage.exists(old.name)
            assert not rules().brand_logo or rules().brand_logo.storage.exists(rules().brand_logo.name)

    @pytest.mark.parametrize(
        "content",
        [b'<svg onload="alert(1)"/>', b"<html>", b"GIF8", b""],
        ids=["svg", "html", "half a gif", "empty"],
    )
    def test_what_is_no_picture_is_refused_whatever_its_name(self, manager: Client, content: bytes) -> None:
        answer = manager.post(PAGE, as_it_is(brand_logo=SimpleUploadedFile("logo.png", content, "image/png")))
        assert answer.status_code == 422
        assert not rules().brand_logo

    def test_a_large_one_is_refused(self, manager: Client) -> None:
        answer = manager.post(
            PAGE, as_it_is(brand_logo=SimpleUploadedFile("logo.png", PNG + b"\0" * 200 * 1024))
        )
        assert b"larger than 30 KB" in answer.content


def test_the_page_takes_few_queries(manager: Client, django_assert_max_num_queries: Any) -> None:
    manager.get(PAGE)
    with django_assert_max_num_queries(15):
        manager.get(PAGE)
