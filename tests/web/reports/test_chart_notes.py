"""Notes on the report: added and removed by managers, read by all who read it."""

import pytest
from django.test import Client
from django.utils import timezone

from csat.reports.models import ChartNote
from tests.subscriptions.rated import rate

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
    assert "/reports/notes/" not in page
    note = ChartNote.objects.get()
    assert lead.post(f"/reports/notes/{note.uuid}/remove/").status_code == 403
    manager.post(f"/reports/notes/{note.uuid}/remove/")
    assert not ChartNote.objects.exists()


@pytest.mark.parametrize("given", [{"day": "yesterday", "text": "x"}, {"day": "2026-11-25", "text": " "}])
def test_what_cannot_be_read_is_said_and_nothing_is_kept(manager: Client, given: dict[str, str]) -> None:
    page = manager.post("/reports/notes/", given, follow=True).content.decode()
    assert "Give a date." in page or "Write at most 200 characters." in page
    assert not ChartNote.objects.exists()
