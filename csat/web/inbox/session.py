"""One conversation: what was said and what happened, and everything a team may do about it."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Max, Model, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels import registry
from csat.channels.kinds import SURVEYED, Channel
from csat.people import roles
from csat.people.models import Agent
from csat.sessions.models import Session
from csat.surveys import explaining
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.surveys.sight import Sight, sight_of
from csat.timeline.models import Event
from csat.web.access import StaffRequest, staff
from csat.web.inbox import story

AGENTS = 300
FRESHNESS = ("updated_at", "contact__updated_at", "survey__updated_at", "score__updated_at", "follow_up__updated_at")


@dataclass(frozen=True)
class Refusal:
    """What was refused, why, and what had been typed."""

    act: str
    message: str
    typed: dict[str, Any]


@staff
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest, uuid: UUID) -> HttpResponse:
    version = news(uuid)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)  # polling: nothing happened here
    context = told(request, uuid) | {"version": version}
    return render(request, "inbox/_live.html" if request.htmx else "inbox/session.html", context)


def news(uuid: UUID) -> str:
    """Changes whenever anything of this conversation does; 404 when there is no such conversation."""
    rows = Session.objects.filter(uuid=uuid).annotate(
        deliveries=Max("survey__deliveries__updated_at"), answers=Max("survey__answers__updated_at")
    )
    row = rows.values_list("pk", *FRESHNESS, "deliveries", "answers").first()
    if row is None:
        raise Http404
    last = Event.objects.filter(session_id=row[0]).aggregate(last=Max("id"))["last"]
    return f"{last or 0}.{max(at for at in row[1:] if at).timestamp()}"


def told(request: StaffRequest, uuid: UUID, *, refusal: Refusal | None = None) -> dict[str, Any]:
    """Everything the page shows."""
    session = get_object_or_404(
        Session.objects.select_related("contact", "assignee", "resolver", "team", "survey", "score", "follow_up__owner"), uuid=uuid
    )
    sight, survey = sight_of(request.user), _of(session, "survey")
    score = _of(session, "score") if sight.sees(_of(session, "score")) else None
    return {
        "session": session,
        **_timeline(session, sight, whole="all" in request.GET),
        **_asked(session, survey, score, sight),
        **_contact(session, sight),
        "follow_up": _of(session, "follow_up") if score else None,
        "tags": list(session.tags.all()),
        "agents": list(Agent.objects.only("uuid", "name", "email", "kind")[:AGENTS]),
        "manages": request.role in (roles.MANAGER, roles.ADMIN),
        "refusal": refusal,
    }


def _of(session: Session, name: str) -> Any:
    """The row beside it, None when there is none."""
    found: Model | None = getattr(session, name, None)
    return found


def _timeline(session: Session, sight: Sight, *, whole: bool) -> dict[str, Any]:
    newest = Event.objects.filter(session_id=session.pk).order_by("-at", "-id")
    events = list(newest if whole else newest[: story.LIMIT + 1])
    earlier = not whole and len(events) > story.LIMIT
    shown = events[: story.LIMIT] if earlier else events
    return {"items": story.tell(session, reversed(shown), sight=sight), "earlier": earlier}


def _asked(session: Session, survey: Survey | None, score: Score | None, sight: Sight) -> dict[str, Any]:
    """The survey's part: the rating, its deliveries, why it was or was not asked, and how it can be asked now."""
    deliveries = list(survey.deliveries.order_by("-id")) if survey else []
    return {
        "survey": survey,
        "score": score,
        "comment": sight.comment(score),
        "comment_hidden": bool(score and score.comment and not sight.comments),
        "after": _after(deliveries, score) if score else "",
        "gates": explaining.explain(survey) if survey else [],
        "deliveries": deliveries,
        "quarantined": _quarantined(survey, sight) if survey else [],
        "channels": _channels(session),
    }


def _after(deliveries: list[Delivery], score: Score) -> str:
    """`40 s after it was shown`: from the last time it was put before the customer to their rating."""
    shown = [(at, delivery.shown_at is not None) for delivery in deliveries if (at := delivery.shown_at or delivery.sent_at)]
    before = [(at, card) for at, card in shown if at <= score.submitted_at]
    if not before:
        return ""
    at, card = max(before)
    words = _("%(time)s after it was shown") if card else _("%(time)s after it was sent")
    return words % {"time": story.passed(int((score.submitted_at - at).total_seconds()))}


def _quarantined(survey: Survey, sight: Sight) -> list[Answer]:
    credited = survey.session.resolver_id or survey.session.assignee_id
    if not sight.comments or not sight.sees_credit(credited):
        return []
    return list(survey.answers.filter(state=Answer.State.QUARANTINED).order_by("-revision"))


def _channels(session: Session) -> list[tuple[str, str, bool]]:
    """Slug, label, and whether this contact can be asked there."""
    usual = session.surveyed_as
    order = sorted(SURVEYED, key=lambda kind: kind != usual)
    return [(kind.value, str(Channel(kind).label), _reachable(session, kind)) for kind in order if kind in (usual, *OTHERS)]


OTHERS = (Channel.EMAIL, Channel.SMS, Channel.WHATSAPP, Channel.SLACK)  # where anybody with an address can be asked


def _reachable(session: Session, kind: str) -> bool:
    channel = registry.get(kind)
    return not channel.needs or bool(channel.address(session.reach))


def _contact(session: Session, sight: Sight) -> dict[str, Any]:
    scores: QuerySet[Score] = Score.objects.filter(sight.only(), contact=session.contact_id)
    return {"ratings": scores.aggregate(count=Count("pk"), average=Avg("score"))}
