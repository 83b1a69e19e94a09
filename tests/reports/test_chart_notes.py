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


def test_a_changed_setting_is_noted_once_a_day_without_who_did_it(time_machine: Any) -> None:
    time_machine.move_to("2026-11-25T10:00:00Z")
    for delay in (300, 900):
        settings.change(by=API, delay_seconds=delay)
    assert chart_notes.of_chart(parse(WEEK)) == [Note(DAY, "CSAT settings changed")]


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
