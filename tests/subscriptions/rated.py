"""Ratings at a chosen time, by the real verbs, and a view to send of them."""

from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User

from csat.reports import chart_notes
from csat.reports.models import SavedView
from csat.subscriptions import digests, shares
from csat.surveys.answers import answering
from csat.surveys.models import Score, Survey
from csat.timeline.recording import Actor
from csat.webhooks.models import Endpoint
from tests.factories import make_sent_survey


def rate(score: int, comment: str = "", *, at: datetime, about: str | None = None, **details: Any) -> Survey:
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, comment=comment, about=about, source="page")
    Survey.objects.filter(pk=survey.pk).update(counted_at=at)
    Score.objects.filter(survey=survey).update(submitted_at=at)
    return survey.again()


def make_view(user: User, name: str = "Whole team", query: str = "") -> SavedView:
    return SavedView.objects.create(user=user, name=name, query=query)


def make_report(user: User, *, by: Actor) -> dict[str, str]:
    """Something of everything under /reports; ids by what it is: view, digest, share and note."""
    view = make_view(user, name="All", query="period=30")
    return {
        "view": str(view.uuid),
        "digest": str(digests.start(view, by=user).uuid),
        "share": str(shares.make(view, by=user, with_comments=True).uuid),
        "note": str(chart_notes.add(day=date(2026, 11, 20), text="New release", by=by).uuid),
    }


def make_endpoint() -> Endpoint:
    """An endpoint that nothing is sent to."""
    return Endpoint.objects.create(url="https://hooks.example/", secret="whsec_bm90aGluZw==")
