"""Notes on the report: added and removed by managers, read by all who read it."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from csat.people.models import Team
from csat.reports.models import ChartNote
from csat.subscriptions import shares
from tests.subscriptions.rated import make_view, rate

pytestmark = pytest.mark.django_db


def test_a_note_is_added_shown_on_the_chart_and_removed(
    manager: Client, lead: Client, analyst: Client
) -> None:
    rate(5, at=timezone.now())
    today = timezone.localdate().isoformat()
    answer = manager.post("/reports/notes/", {"day": today, "text": "New script", "query": "period=7"})
    assert answer.headers["Location"] == "/reports/?period=7"
    page = analyst.get("/reports/").content.decode()
    assert page.count("New script") == 2  # at its place of the line, and in the list
    noted = page.split('id="chart-notes"')[1].split("</details>")[0]
    assert "day not over yet" in noted
    assert "day not over yet" in page.split('class="note-mark"')[1].split("</g>")[0]
    assert "/reports/notes/" not in page
    note = ChartNote.objects.get()
    assert lead.post(f"/reports/notes/{note.uuid}/remove/").status_code == 404
    page = manager.get("/reports/?period=7&channel=email&show=comments").content.decode()
    form = page.split(f"/reports/notes/{note.uuid}/remove/")[1].split("</form>")[0]
    query = html.unescape(form.split('name="query" value="')[1].split('"')[0])
    answer = manager.post(f"/reports/notes/{note.uuid}/remove/", {"query": query})
    assert answer.headers["Location"] == "/reports/?period=7&channel=email&show=comments"
    assert not ChartNote.objects.exists()
    assert manager.post(f"/reports/notes/{note.uuid}/remove/").status_code == 404


def test_a_leads_note_is_of_their_team_and_shown_to_it_alone(
    manager: Client, lead: Client, lead_user: User
) -> None:
    care, sales = lead_user.profile.teams.get(), Team.objects.create(name="Sales")
    rate(5, at=timezone.now(), team=care)
    today = timezone.localdate().isoformat()
    page = lead.get("/reports/").content.decode()
    form = page.split('action="/reports/notes/"')[1].split("</form>")[0]
    assert ("Care" in form, "Sales" in form, "All teams" in form) == (True, False, False)
    for team in ("", "Sales", "Nowhere"):
        lead.post("/reports/notes/", {"day": today, "text": "x", "team": team})
    assert not ChartNote.objects.exists()
    lead.post("/reports/notes/", {"day": today, "text": "We moved", "team": "Care"})
    note = ChartNote.objects.get()
    assert note.team == care
    manager.post("/reports/notes/", {"day": today, "text": "Sales moved", "team": "Sales"})
    manager.post("/reports/notes/", {"day": today, "text": "All moved", "team": ""})
    page = lead.get("/reports/").content.decode()
    assert "We moved" in page
    assert "All moved" in page
    assert "Sales moved" not in page
    everybodys = ChartNote.objects.get(team=None)
    assert page.count("/remove/") == 1
    for other in (everybodys, ChartNote.objects.get(team=sales)):
        assert lead.post(f"/reports/notes/{other.uuid}/remove/").status_code == 404
    lead.post(f"/reports/notes/{note.uuid}/remove/")
    assert ChartNote.objects.count() == 2


def test_a_period_that_is_not_over_says_so_on_every_page_that_shows_its_figures(
    manager: Client, manager_user: User
) -> None:
    rate(5, at=timezone.now())
    for query, unfinished in (("period=7", True), ("from=2026-01-01&until=2026-01-31", False)):
        view = make_view(manager_user, name=query, query=query)
        address = shares.url(shares.make(view, by=manager_user)).split("/share/")[1]
        heads = [
            manager.get(f"/reports/?{query}")
            .content.decode()
            .split('class="report-line"')[1]
            .split("</p>")[0],
            manager.get(f"/share/{address}").content.decode().split("<h1>")[1].split("</header>")[0],
            manager.get(f"/share/{address}wall/").content.decode().split('class="wall-note"')[-1],
        ]
        assert [("not complete yet" in head) for head in heads] == [unfinished] * 3


@pytest.mark.parametrize("given", [{"day": "yesterday", "text": "x"}, {"day": "2026-11-25", "text": " "}])
def test_what_cannot_be_read_is_said_and_nothing_is_kept(manager: Client, given: dict[str, str]) -> None:
    page = manager.post("/reports/notes/", given, follow=True).content.decode()
    assert "Give a date." in page or "Write at most 200 characters." in page
    assert not ChartNote.objects.exists()
