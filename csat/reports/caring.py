"""After a low score: who looks after the customer, and whether it was made good."""

from dataclasses import dataclass, replace

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from csat.reports import cohort
from csat.reports.filters import Filters
from csat.surveys import scale
from csat.surveys.models import Answer, FollowUp, Score, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event


@dataclass(frozen=True)
class Recovery:
    """Each is a part of the one before it."""

    low: int  # were not happy at some time
    reopened: int  # after that
    asked_again: int  # after that
    better: int  # and then gave more


REACHED = {
    "low": Q(),
    "reopened": Q(reopened_at__isnull=False),
    "asked_again": Q(asked_at__isnull=False),
    "better": Q(asked_at__isnull=False, score__submitted_at__gt=F("asked_at"), score__score__gt=F("low_score")),
}


def low_scores(filters: Filters, *, skip: int = 0, limit: int = 25) -> list[Score]:
    """Who is not happy, what still waits first, then the newest. `session.follow_up` has owner, note and done_at."""
    # those that wait and the rest are asked apart: each is in the order of an index, the whole is in none
    low = Score.objects.filter(score__lte=scale.LOW, survey__in=cohort.surveys(filters).values("pk"))
    rows = low.order_by("-submitted_at", "-pk").values_list("pk", flat=True)
    open_ones = FollowUp.objects.filter(done_at=None).order_by().values("session")
    waiting = rows.filter(session__in=open_ones)
    found = list(waiting[skip : skip + limit])
    if len(found) < limit:
        beyond = 0 if found or not skip else skip - waiting.count()
        found += rows.exclude(session__in=open_ones)[beyond : beyond + limit - len(found)]
    related = ("session", "contact", "agent", "survey", "session__follow_up", "session__follow_up__owner")
    whole = Score.objects.select_related(*related).in_bulk(found)
    return [whole[pk] for pk in found if pk in whole]


def recovery(filters: Filters) -> Recovery:
    """Of those who gave a low score: reopened after it, asked again after that, and a better one then."""
    counted = {step: Count("pk", filter=reached) for step, reached in REACHED.items() if step != "low"}
    return Recovery(low=_unhappy(filters).count(), **_followed(filters).aggregate(**counted))


def recovered(filters: Filters, step: str) -> QuerySet[Survey]:
    """The surveys behind one figure of `recovery`."""
    return _unhappy(filters) if step == "low" else _followed(filters).filter(REACHED[step])


def _unhappy(filters: Filters) -> QuerySet[Survey]:
    """Surveys with a low answer, whatever came later."""
    return cohort.surveys(filters).filter(Exists(_low_answers()))


def _low_answers() -> QuerySet[Answer]:
    accepted = Answer.objects.filter(survey=OuterRef("pk"), state=Answer.State.ACCEPTED)
    return accepted.filter(score__lte=scale.LOW).order_by("revision")


def _followed(filters: Filters) -> QuerySet[Survey]:
    """Those of them whose session was reopened at all, and the times of what followed."""
    reopened = Event.objects.filter(kind=Kind.SESSION_REOPENED, at__gte=filters.start).values("session_id")  # few, so found first
    rows = _unhappy(filters).filter(session__in=reopened).annotate(low_at=Subquery(_low_answers().values("created_at")[:1]))
    rows = rows.annotate(low_score=Subquery(_low_answers().values("score")[:1]), reopened_at=_first(Kind.SESSION_REOPENED, "low_at"))
    return rows.annotate(asked_at=_first(Kind.CSAT_REQUESTED, "reopened_at"))


def _first(kind: Kind, after: str) -> Subquery:
    events = Event.objects.filter(session_id=OuterRef("session_id"), kind=kind, at__gt=OuterRef(after))
    return Subquery(events.order_by("at", "id").values("at")[:1])


def quarantined(filters: Filters) -> QuerySet[Answer]:
    """What is kept apart of these surveys, with its reason, the newest first: `answering.restore` brings one back."""
    asked = cohort.surveys(replace(filters, score=()))
    rows = Answer.objects.filter(state=Answer.State.QUARANTINED, survey__in=asked.values("pk"))
    if filters.score:
        rows = rows.filter(score__in=[int(score) for score in filters.score])
    return rows.select_related("survey", "survey__session", "survey__contact").order_by("-created_at", "-pk")
