"""After a low score: who looks after the customer, and whether it was made good."""

from dataclasses import dataclass, replace

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery

from csat import scale
from csat.reports import cohort
from csat.reports.filters import NONE, Filters
from csat.surveys.models import Answer, FollowUp, Score, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event


@dataclass(frozen=True)
class Recovery:
    """Each is a part of the one before it."""

    low: int  # gave a low score at some time
    reopened: int  # after that
    asked_again: int  # after that
    better: int  # and then gave a higher one


STEPS = {
    "low": Q(),
    "reopened": Q(reopened_at__isnull=False),
    "asked_again": Q(asked_at__isnull=False),
    "better": Q(
        asked_at__isnull=False, score__submitted_at__gt=F("asked_at"), score__score__gt=F("low_score")
    ),
}


def low_scores(filters: Filters, *, skip: int = 0, limit: int = 25) -> list[Score]:
    """Those with an open follow-up first, then the newest; with `session.follow_up` and its owner."""
    # those that wait and the rest are asked apart: each is in the order of an index, the whole is in none
    low = Score.objects.filter(score__lte=scale.LOW_MAX, survey__in=cohort.surveys(filters).values("pk"))
    rows = low.order_by("-submitted_at", "-pk").values_list("pk", flat=True)
    open_sessions = FollowUp.objects.filter(done_at=None).order_by().values("session")
    waiting = rows.filter(session__in=open_sessions)
    ids = list(waiting[skip : skip + limit])
    if len(ids) < limit:
        beyond = 0 if ids or not skip else skip - waiting.count()
        ids += rows.exclude(session__in=open_sessions)[beyond : beyond + limit - len(ids)]
    related = ("session", "contact", "agent", "survey", "session__follow_up", "session__follow_up__owner")
    scores = Score.objects.select_related(*related).in_bulk(ids)
    return [scores[pk] for pk in ids if pk in scores]


def recovery(filters: Filters) -> Recovery:
    """Of those who gave a low score: reopened after it, asked again after that, and a better one then."""
    counts = {step: Count("pk", filter=condition) for step, condition in STEPS.items() if step != "low"}
    return Recovery(low=with_low_score(filters).count(), **with_times(filters).aggregate(**counts))


def surveys_at(filters: Filters, step: str, *, cause: str = "") -> QuerySet[Survey]:
    """The surveys behind one figure of `recovery`; `cause`: what the first low score was about, or `none`."""
    rows = with_low_score(filters) if step == "low" else with_times(filters).filter(STEPS[step])
    said = Q(("cause", None if cause == NONE else cause)) if cause else Q()
    return rows.filter(said)


def with_low_score(filters: Filters) -> QuerySet[Survey]:
    """Surveys with a low answer, whatever came later; `cause`: what the first one was about."""
    rows = cohort.surveys(filters).filter(Exists(_low_answers()))
    return rows.annotate(cause=Subquery(_low_answers().values("about")[:1]))


def _low_answers() -> QuerySet[Answer]:
    accepted = Answer.objects.filter(survey=OuterRef("pk"), state=Answer.State.ACCEPTED)
    return accepted.filter(score__lte=scale.LOW_MAX).order_by("revision")


def with_times(filters: Filters) -> QuerySet[Survey]:
    """Those of them whose session was reopened at all, and the times of what followed."""
    reopened = Event.objects.filter(kind=Kind.SESSION_REOPENED, at__gte=filters.start).values(
        "session_id"
    )  # few, so found first
    rows = (
        with_low_score(filters)
        .filter(session__in=reopened)
        .annotate(low_at=Subquery(_low_answers().values("created_at")[:1]))
    )
    rows = rows.annotate(
        low_score=Subquery(_low_answers().values("score")[:1]),
        reopened_at=_first(Kind.SESSION_REOPENED, "low_at"),
    )
    return rows.annotate(asked_at=_first(Kind.CSAT_REQUESTED, "reopened_at"))


def _first(kind: Kind, after: str) -> Subquery:
    events = Event.objects.filter(session_id=OuterRef("session_id"), kind=kind, at__gt=OuterRef(after))
    return Subquery(events.order_by("at", "id").values("at")[:1])


def quarantined(filters: Filters) -> QuerySet[Answer]:
    """The quarantined answers to these surveys, the newest first: `answering.restore` brings one back."""
    surveys = cohort.surveys(replace(filters, score=()))
    rows = Answer.objects.filter(state=Answer.State.QUARANTINED, survey__in=surveys.values("pk"))
    if filters.score:
        rows = rows.filter(score__in=[int(score) for score in filters.score])
    return rows.select_related("survey", "survey__session", "survey__contact").order_by("-created_at", "-pk")
