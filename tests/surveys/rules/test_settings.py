"""The settings: merged, checked, audited, in the contract's shape."""

import pytest

from csat.lib.refusal import Invalid
from csat.surveys.models import ChannelSettings, CsatSettings
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API

pytestmark = pytest.mark.django_db


def test_numbers_and_languages_are_taken_as_clients_write_them():
    settings.change(
        by=API, delay_seconds=300.0, contact_cap_days=7.0, custom_message={"pt": "Olá", "DE": "Hallo"}
    )
    shown = settings.as_dict()
    assert (shown["delay_seconds"], shown["contact_cap_days"]) == (300, 7)
    assert shown["custom_message"] == {"default": "", "pt-br": "Olá", "de": "Hallo"}


def test_a_wrong_choice_is_told_the_right_ones():
    with pytest.raises(Invalid) as no:
        settings.change(by=API, delay_seconds=301)
    assert no.value.fields == {"delay_seconds": ["Choose from: 0, 300, 900, 3600."]}


def test_out_of_the_box_nothing_is_on():
    shown = settings.as_dict()
    assert {
        name: shown[name]
        for name in ("auto_send", "delay_seconds", "ticketing_system", "custom_message", "contact_cap_days")
    } == {
        "auto_send": False,
        "delay_seconds": 0,
        "ticketing_system": "open",
        "custom_message": {"default": ""},
        "contact_cap_days": 0,
    }
    assert shown["channels"] == {
        kind: {"enabled": False}
        for kind in ("web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice")
    }
    assert (shown["sample_percent"], shown["quiet_hours"], shown["link_days"], shown["reminder_days"]) == (
        100,
        None,
        30,
        0,
    )
    assert (shown["guaranteed_delivery"], shown["ask_about"]) == (True, False)


def test_what_is_read_can_be_written_back():
    before = settings.as_dict()
    settings.change(by=API, **before)
    assert settings.as_dict() == before


def test_a_change_merges():
    settings.change(by=API, channels={"sms": {"enabled": True}}, custom_message={"default": "Hello"})
    settings.change(by=API, channels={"web": {"enabled": True}}, custom_message={"de": "Hallo"})
    shown = settings.as_dict()
    assert {kind for kind, toggle in shown["channels"].items() if toggle["enabled"]} == {"sms", "web"}
    assert shown["custom_message"] == {"default": "Hello", "de": "Hallo"}
    settings.change(by=API, custom_message={"de": ""})
    assert settings.as_dict()["custom_message"] == {"default": "Hello"}


def test_quiet_hours_are_set_and_taken_away():
    settings.change(by=API, quiet_hours={"start": "21:00", "end": "08:00"})
    assert settings.as_dict()["quiet_hours"] == {"start": "21:00", "end": "08:00"}
    settings.change(by=API, quiet_hours=None)
    assert settings.as_dict()["quiet_hours"] is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("auto_send", "perhaps"),
        ("auto_send", None),
        ("auto_send", 1),
        ("delay_seconds", 7),
        ("delay_seconds", True),
        ("ticketing_system", "abacus"),
        ("sample_percent", 101),
        ("sample_percent", -1),
        ("sample_percent", "many"),
        ("sample_percent", {}),
        ("contact_cap_days", -1),
        ("link_days", 0),
        ("reminder_days", 10**12),
        ("quiet_hours", {"start": "25:00", "end": "08:00"}),
        ("quiet_hours", {"start": "21:00"}),
        ("quiet_hours", {"start": "21:00", "end": "21:00"}),
        ("quiet_hours", "always"),
        ("custom_message", "Hello"),
        ("custom_message", {"tlh": "nuqneH"}),
        ("custom_message", {"default": "x" * 1001}),
        ("custom_message", {"default": None}),
        ("channels", {"pigeon": {"enabled": True}}),
        ("channels", {"instagram": {"enabled": True}}),
        ("channels", {"sms": True}),
        ("channels", {"sms": {"enabled": "yes"}}),
        ("channels", []),
        ("languages", ["tlh"]),
        ("languages", "de"),
        ("brand_color", "red"),
        ("brand_name", ""),
        ("reply_to", "nobody"),
        ("brand_logo", "https://elsewhere.example/logo.png"),
        ("auto_send_since", "2020-01-01T00:00:00Z"),
        ("pk", 2),
        ("surprise", 1),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(name, value):
    before = settings.as_dict()
    with pytest.raises(Invalid) as invalid:
        settings.change(by=API, **{name: value, "sample_percent": value if name == "sample_percent" else 50})
    assert list(invalid.value.fields) == [name]
    assert settings.as_dict() == before
    assert not Event.objects.filter(kind="audit").exists()


def test_everything_wrong_is_told_at_once():
    with pytest.raises(Invalid) as invalid:
        settings.change(by=API, delay_seconds=7, sample_percent=300, surprise=1)
    assert set(invalid.value.fields) == {"delay_seconds", "sample_percent", "surprise"}


def test_a_change_is_one_audited_fact_with_what_changed():
    settings.change(by=API, sample_percent=50, delay_seconds=0, channels={"sms": {"enabled": True}})
    data = Event.objects.get(kind="audit").data
    assert data["what"] == "settings"
    assert set(data["after"]) == {"sample_percent", "channels"}
    assert (data["before"]["sample_percent"], data["after"]["sample_percent"]) == (100, 50)


def test_saving_without_a_change_is_no_fact():
    settings.change(by=API, sample_percent=100)
    assert not Event.objects.filter(kind="audit").exists()


def test_the_start_of_auto_send_is_the_moment_it_was_switched_on():
    assert settings.change(by=API, sample_percent=50).auto_send_since is None
    first = settings.change(by=API, auto_send=True).auto_send_since
    assert first
    settings.change(by=API, auto_send=False)
    assert settings.change(by=API, auto_send=True).auto_send_since > first


def test_a_candidate_is_not_saved():
    policy = settings.candidate({"sample_percent": 10, "channels": {"sms": {"enabled": True}}})
    assert (policy.settings.sample_percent, policy.enabled) == (10, {"sms"})
    assert (CsatSettings.current().sample_percent, ChannelSettings.objects.count()) == (100, 0)
