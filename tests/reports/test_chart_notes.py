"""Notes on the charts: whose are shown where, and the changes that the audit log knows of."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid, Missing
from csat.people.models import Team
from csat.reports import chart_notes
from csat.reports.chart_notes import Note
from csat.reports.filters import parse
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 25)
WEEK = {"from": "2026-11-23", "to": "2026-11-30", "timezone": "UTC"}


def shown(scope: tuple[int, ...] | None = None, **given: Any) -> list[str]:
    return [note.text for note in chart_notes.of_chart(parse({**WEEK, **given}, scope=scope))]


def test_a_note_stands_on_the_charts_of_its_day(manager_user: User) -> None:
    note = chart_notes.add(day=DAY, text=" New\n script ", by=manager_user)
    assert chart_notes.of_chart(parse(WEEK)) == [Note(DAY, "New script", note.uuid)]
    assert shown(**{"from": "2026-11-26"}) == shown(to="2026-11-25") == []


def test_a_teams_note_is_on_the_charts_of_that_team(manager_user: User) -> None:
    care, sales = Team.objects.create(name="Care"), Team.objects.create(name="Sales")
    for team in (None, care, sales):
        chart_notes.add(day=DAY, text=team.name if team else "all", by=manager_user, team=team)
    assert set(shown()) == {"all", "Care", "Sales"}
    assert set(shown(team="Care")) == set(shown((care.pk,))) == {"all", "Care"}
    assert set(shown((care.pk,), team="Sales")) == {"all"}


def test_a_note_of_a_day_that_is_not_over_says_so_and_stands_on_a_report_until_now(
    manager_user: User, time_machine: Any
) -> None:
    time_machine.move_to("2026-11-25T10:00:00Z")
    for day in (24, 25):
        chart_notes.add(day=date(2026, 11, day), text="x", by=manager_user)
    notes = chart_notes.of_chart(parse({**WEEK, "to": "2026-11-25T10:00:00Z"}))
    assert [(note.day.day, note.unfinished) for note in notes] == [(24, False), (25, True)]


def test_who_sees_their_own_teams_only_writes_and_removes_notes_of_these(
    manager_user: User, lead_user: User, analyst_user: User
) -> None:
    care, sales = lead_user.profile.teams.get(), Team.objects.create(name="Sales")
    of_all = chart_notes.add(day=DAY, text="x", by=manager_user)
    ours = chart_notes.add(day=DAY, text="x", by=lead_user, team=care)
    for user, team in ((lead_user, sales), (lead_user, None), (analyst_user, care)):
        with pytest.raises(Invalid) as caught:
            chart_notes.add(day=DAY, text="x", by=user, team=team)
        assert set(caught.value.fields) == {"team"}
    for user, note in ((lead_user, of_all), (analyst_user, ours)):
        with pytest.raises(Missing):
            chart_notes.remove(note.uuid, by=user)
    chart_notes.remove(ours.uuid, by=lead_user)


def test_a_changed_setting_is_noted_once_a_day_without_who_did_it(time_machine: Any) -> None:
    time_machine.move_to("2026-11-25T10:00:00Z")
    for delay in (300, 900):
        settings.change(by=API, delay_seconds=delay)
    assert chart_notes.of_chart(parse(WEEK)) == [Note(DAY, "CSAT settings changed", unfinished=True)]


def test_what_changes_no_figure_is_not_noted(manager_user: User, time_machine: Any) -> None:
    time_machine.move_to("2026-11-25T10:00:00Z")
    note = chart_notes.add(day=DAY, text="x", by=manager_user)
    chart_notes.remove(note.uuid, by=manager_user)
    assert Event.objects.filter(data__what__startswith="report.note_").count() == 2
    assert shown() == []
    with pytest.raises(Missing):
        chart_notes.remove(note.uuid, by=manager_user)


def test_what_is_wrong_is_named(manager_user: User) -> None:
    with pytest.raises(Invalid) as caught:
        chart_notes.add(day=None, text="x" * 201, by=manager_user)
    assert set(caught.value.fields) == {"day", "text"}
