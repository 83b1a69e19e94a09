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


LONG_WEEK = {"mon": [["13:00", "24:00"], ["09:00", "12:00"]], "sun": [["00:00", "01:30"]], "tue": []}


def test_hours_and_holidays_are_kept_in_order_and_taken_away():
    settings.change(by=API, sending_hours=LONG_WEEK, holidays=["2027-01-01", "2026-12-25", "2027-01-01"])
    shown = settings.as_dict()
    assert shown["sending_hours"] == {
        "mon": [["09:00", "12:00"], ["13:00", "24:00"]],
        "sun": [["00:00", "01:30"]],
    }
    assert list(shown["sending_hours"]) == ["mon", "sun"]
    assert shown["holidays"] == ["2026-12-25", "2027-01-01"]
    settings.change(by=API, sending_hours=None, holidays=[])
    assert (settings.as_dict()["sending_hours"], settings.as_dict()["holidays"]) == (None, [])


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        ({"tue": [["18:00", "09:00"]]}, "Tuesday: 18:00 to 09:00 ends before it starts."),
        ({"tue": [["09:00", "09:00"]]}, "Tuesday: 09:00 to 09:00 ends before it starts."),
        ({"sat": [["11:00", "13:00"], ["09:00", "12:00"]]}, "Saturday: 09:00–12:00 and 11:00–13:00 overlap."),
        ({"mon": [["9:00", "18:00"]]}, "Monday: give each start and end as HH:MM"),
        ({"mon": [["24:00", "24:00"]]}, "Monday: give each start and end as HH:MM"),
        ({"mon": [["09:00", "18:00", "20:00"]]}, "Monday: give each start and end as HH:MM"),
        ({"mon": [["09:00", 18]]}, "Monday: give each start and end as HH:MM"),
        ({"mon": "09:00-18:00"}, "Monday: give each start and end as HH:MM"),
        ({"mon": [[f"{n:02}:00", f"{n:02}:30"] for n in range(13)]}, "Monday: at most 12 spans."),
        ({"monday": [["09:00", "18:00"]]}, "Choose from: mon, tue, wed, thu, fri, sat, sun."),
        ([], "Give hours by day"),
        ("office", "Give hours by day"),
        ({}, "Leave at least one day open."),
        ({"mon": []}, "Leave at least one day open."),
        ({"mon": [["21:00", "24:00"]], "wed": [["00:00", "08:00"]]}, "no minute of the week is left"),
    ],
)
def test_hours_that_cannot_be_are_refused_with_their_day(hours, words):
    settings.change(by=API, quiet_hours={"start": "21:00", "end": "08:00"})
    with pytest.raises(Invalid) as refused:
        settings.change(by=API, sending_hours=hours)
    assert list(refused.value.fields) == ["sending_hours"]
    assert words in refused.value.fields["sending_hours"][0]
    assert settings.as_dict()["sending_hours"] is None


def test_quiet_hours_that_leave_nothing_of_the_sending_hours_are_refused():
    settings.change(by=API, sending_hours={"mon": [["21:00", "23:00"]]})
    with pytest.raises(Invalid, match="no minute of the week is left"):
        settings.change(by=API, quiet_hours={"start": "21:00", "end": "08:00"})
    assert settings.as_dict()["quiet_hours"] is None


def test_one_minute_a_week_is_enough():
    settings.change(by=API, quiet_hours={"start": "21:00", "end": "08:00"})
    settings.change(by=API, sending_hours={"mon": [["20:59", "22:00"]]})
    assert settings.as_dict()["sending_hours"] == {"mon": [["20:59", "22:00"]]}


@pytest.mark.parametrize(
    "holidays",
    [
        None, "2026-12-25", ["25.12.2026"], ["2026-02-30"], ["20261225"], [20261225], ["\ud800"],
        ["2026-12-25"] * 1001,
    ],
    ids=["null", "text", "German", "no day", "no dashes", "a number", "half a character", "too many"],
)  # fmt: skip
def test_what_is_no_list_of_days_is_refused(holidays):
    settings.change(by=API, holidays=["2026-12-25"])
    with pytest.raises(Invalid) as refused:
        settings.change(by=API, holidays=holidays)
    assert list(refused.value.fields) == ["holidays"]
    assert settings.as_dict()["holidays"] == ["2026-12-25"]


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
    assert data["what"] == "settings.changed"
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
