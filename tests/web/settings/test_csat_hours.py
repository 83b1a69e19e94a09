"""Hours and holidays on Settings → CSAT: fields of one form, and nothing typed is lost."""

import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.test import Client

from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.web.settings.csat_hours import copy_first_day
from tests.factories import API
from tests.web.settings.test_csat import HTMX, PAGE, as_it_is, as_shown, opened

pytestmark = pytest.mark.django_db
COPY = "/settings/csat/hours/copy/"
NEXT_YEAR = date.today().year + 1


def typed(**days: list[tuple[str, str]]) -> dict[str, Any]:
    """The hours switched on, with these pairs of inputs; those of other days are empty."""
    form: dict[str, Any] = {"sending_hours": "on"}
    for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"):
        pairs = [*days.get(day, []), ("", "")]
        form[f"sending_hours_{day}_from"] = [start for start, _end in pairs]
        form[f"sending_hours_{day}_to"] = [end for _start, end in pairs]
    return form


def calendar(*days: str) -> SimpleUploadedFile:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}\r\nDTSTART;VALUE=DATE:{day}\r\nEND:VEVENT\r\n" for day in days
    )
    text = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n"
    return SimpleUploadedFile("holidays.ics", text.encode(), "text/calendar")


def value_of(page: str, name: str) -> list[str]:
    return re.findall(rf'name="{name}" value="([^"]*)"', page)


class TestHours:
    def test_they_are_saved_in_their_order_and_told(self, manager: Client) -> None:
        hours = typed(mon=[("13:00", "00:00"), ("09:00", "12:00")], sat=[("10:00", "14:00")])
        page = manager.post(PAGE, as_it_is(**hours), follow=True).content.decode()
        assert "Sending hours: Monday 09:00–12:00 13:00–24:00, Saturday 10:00–14:00" in page
        assert CsatSettings.current().sending_hours == {
            "mon": [["09:00", "12:00"], ["13:00", "24:00"]],
            "sat": [["10:00", "14:00"]],
        }
        assert value_of(page, "sending_hours_mon_to")[:2] == ["12:00", "00:00"]

    def test_unticked_they_are_off_and_office_hours_are_suggested(self, manager: Client) -> None:
        settings.change(by=API, sending_hours={"sun": [["10:00", "12:00"]]})
        off = {name: value for name, value in typed().items() if name != "sending_hours"}
        page = manager.post(PAGE, as_it_is(**off), follow=True).content.decode()
        assert "Sending hours: always" in page
        assert CsatSettings.current().sending_hours is None
        assert value_of(page, "sending_hours_mon_from")[0] == "09:00"

    @pytest.mark.parametrize(
        ("pairs", "says"),
        [
            ([("18:00", "09:00")], "Monday: 18:00 to 09:00 ends before it starts."),
            ([("09:00", "12:00"), ("11:00", "13:00")], "Monday: 09:00–12:00 and 11:00–13:00 overlap."),
            ([("09:00", "")], "Monday: give each start and end"),
            ([("nine", "12:00")], "Monday: give each start and end"),
            ([], "Leave at least one day open."),
        ],
        ids=["reversed", "overlapping", "no end", "no time", "nothing"],
    )
    def test_mistakes_are_told_with_their_day_and_all_typed_stays(
        self, manager: Client, pairs: list[tuple[str, str]], says: str
    ) -> None:
        tuesday = {"tue": [("08:15", "16:45")]} if pairs else {}
        answer = manager.post(PAGE, as_it_is(link_days="14", **typed(mon=pairs, **tuesday)))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert says in page
        assert value_of(page, "sending_hours_mon_from")[: len(pairs)] == [start for start, _ in pairs]
        assert "08:15" in value_of(page, "sending_hours_tue_from") or not pairs
        assert CsatSettings.current().sending_hours is None

    def test_hours_that_the_quiet_hours_swallow_are_refused(self, manager: Client) -> None:
        night = typed(mon=[("21:00", "23:00")])
        answer = manager.post(PAGE, as_it_is(quiet_start="21:00", quiet_end="08:00", **night))
        assert b"no minute of the week is left" in answer.content

    def test_what_somebody_else_saved_meanwhile_stays(self, manager: Client, admin: Client) -> None:
        settings.change(by=API, sending_hours={"mon": [["09:00", "18:00"]]}, holidays=["2027-01-01"])
        shown = {**typed(mon=[("09:00", "18:00")]), "holidays": ["2027-01-01"]}
        page = opened(manager)
        admin.post(PAGE, as_shown(opened(admin), **typed(sun=[("10:00", "12:00")])))
        manager.post(PAGE, as_shown(page, link_days="14", **shown))
        assert CsatSettings.current().sending_hours == {"sun": [["10:00", "12:00"]]}
        assert CsatSettings.current().link_days == 14

    def test_a_tampered_first_value_is_no_error(self, manager: Client) -> None:
        posted = as_it_is(**typed(mon=[("09:00", "18:00")])) | {"initial-sending_hours": "{"}
        assert manager.post(PAGE, posted).status_code == 302
        assert CsatSettings.current().sending_hours == {"mon": [["09:00", "18:00"]]}


class TestCopy:
    HOURS = typed(mon=[("08:00", "12:00"), ("13:00", "17:00")], tue=[("09:00", "10:00")])

    def test_every_day_gets_mondays_hours_and_nothing_is_saved(self, manager: Client) -> None:
        page = manager.post(COPY, as_it_is(**self.HOURS), headers=HTMX).content.decode()
        assert "<html" not in page
        for day in ("tue", "sat", "sun"):
            assert value_of(page, f"sending_hours_{day}_from") == ["08:00", "13:00", ""]
        assert CsatSettings.current().sending_hours is None

    def test_without_scripts_it_is_the_whole_page_with_all_that_was_typed(self, manager: Client) -> None:
        page = manager.post(COPY, as_it_is(link_days="14", **self.HOURS)).content.decode()
        assert "<html" in page
        assert value_of(page, "sending_hours_sun_to")[:2] == ["12:00", "17:00"]
        assert 'name="link_days" value="14"' in page

    def test_monday_itself_stays(self) -> None:
        data = QueryDict("h_mon_from=08:00&h_mon_to=12:00&h_tue_from=01:00&h_tue_to=02:00")
        copied = copy_first_day(data, "h")
        assert (copied.getlist("h_mon_from"), copied.getlist("h_tue_to")) == (["08:00"], ["12:00"])


class TestHolidays:
    def test_days_are_added_by_hand_and_from_a_file(self, manager: Client) -> None:
        posted = as_it_is(holidays=["", f"{NEXT_YEAR}-05-01", ""], holidays_file=calendar(f"{NEXT_YEAR}1225"))
        page = manager.post(PAGE, posted, follow=True).content.decode()
        assert CsatSettings.current().holidays == [f"{NEXT_YEAR}-05-01", f"{NEXT_YEAR}-12-25"]
        assert "Calendar file: 1 day" in page
        assert f"25 Dec {NEXT_YEAR}" in page

    def test_one_unticked_is_removed(self, manager: Client) -> None:
        settings.change(by=API, holidays=["2027-01-01", "2027-05-01"])
        manager.post(PAGE, as_it_is(holidays=["2027-05-01", "", "", ""]))
        assert CsatSettings.current().holidays == ["2027-05-01"]

    def test_a_file_alone_adds_to_what_is_there(self, manager: Client) -> None:
        settings.change(by=API, holidays=["2027-01-01"])
        manager.post(PAGE, as_it_is(holidays=["2027-01-01"], holidays_file=calendar(f"{NEXT_YEAR}1225")))
        assert CsatSettings.current().holidays == sorted(["2027-01-01", f"{NEXT_YEAR}-12-25"])

    @pytest.mark.parametrize(
        ("posted", "says"),
        [
            ({"holidays": ["1 May"]}, "1 May is no day"),
            ({"holidays_file": SimpleUploadedFile("h.ics", b"Christmas")}, "This is no calendar file"),
            ({"holidays_file": SimpleUploadedFile("h.ics", b"x" * 2_000_000)}, "too large"),
            ({"holidays_file": calendar("19990101")}, "no whole day from today on"),
        ],
        ids=["no day", "no calendar", "too large", "the past"],
    )
    def test_what_cannot_be_read_is_refused_in_words(
        self, manager: Client, posted: dict[str, Any], says: str
    ) -> None:
        answer = manager.post(PAGE, as_it_is(link_days="14", **posted))
        assert (answer.status_code, says in answer.content.decode()) == (422, True)
        assert 'name="link_days" value="14"' in answer.content.decode()
        assert CsatSettings.current().holidays == []

    def test_a_day_refused_stays_in_its_input(self, manager: Client) -> None:
        page = manager.post(PAGE, as_it_is(holidays=["1 May", "2027-05-01"])).content.decode()
        assert value_of(page, "holidays")[:2] == ["1 May", "2027-05-01"]


def test_the_dry_run_counts_who_would_have_waited(manager: Client, time_machine: Any) -> None:
    from tests.factories import make_resolved_session

    time_machine.move_to("2026-11-27T18:30:00Z", tick=False)
    make_resolved_session()
    posted = as_it_is(auto_send="on", channel_email="on", **typed(mon=[("09:00", "18:00")]))
    page = manager.post("/settings/csat/dry-run/", posted, headers=HTMX).content.decode()
    assert "1 of those asked after waiting for the hours" in page
