"""The page of one conversation: its timeline, its survey, and what the team can do about both."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Avg, Count, Max
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels import registry, status
from csat.channels.kinds import SURVEYED
from csat.connectors.models import ConversationOrigin
from csat.people import roles
from csat.people.permissions import Verb, role_may
from csat.sessions.models import Session
from csat.surveys import gates
from csat.surveys.answers import acknowledgement
from csat.surveys.delivery import link_handouts, staff_messages
from csat.surveys.models import Answer, Delivery, Score, Survey
from csat.surveys.visibility import Visibility, agents_among, conversations_of, visibility_for
from csat.themes import reading
from csat.timeline.models import Event
from csat.web.access import StaffRequest, may
from csat.web.inbox import practice, timeline

MAX_TOLD = 5  # of the messages to the customer
MAX_AGENTS = 300  # as many as a select can hold
FRESHNESS = (
    "updated_at",
    "contact__updated_at",
    "survey__updated_at",
    "score__updated_at",
    "follow_up__updated_at",
    "conversation_origin__updated_at",
)


Context = dict[str, object]


@dataclass(frozen=True)
class Refusal:
    """Which action was refused, why, and what had been typed."""

    act: str
    message: str
    typed: Mapping[str, str]


@may(Verb.READ_CONVERSATIONS)
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest, uuid: UUID) -> HttpResponse:
    version = current_version(request, uuid)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)  # polled, and nothing has changed
    context = context_of(request, uuid) | {"version": version}
    if isinstance(score := context["score"], Score):
        acknowledgement.mark_seen(score)
    return render(request, "inbox/_live.html" if request.htmx else "inbox/session.html", context)


def current_version(request: StaffRequest, uuid: UUID) -> str:
    """Changes with anything of this conversation. Http404 if there is none for this person."""
    rows = (
        conversations_of(request.user)
        .filter(uuid=uuid)
        .annotate(
            deliveries=Max("survey__deliveries__updated_at"),
            answers=Max("survey__answers__updated_at"),
            told=Max("staff_messages__updated_at"),
            written=Max("write_backs__updated_at"),
        )
    )
    row = rows.values_list("pk", *FRESHNESS, "deliveries", "answers", "told", "written").first()
    if row is None:
        raise Http404
    last = Event.objects.filter(session_id=row[0]).aggregate(last=Max("id"))["last"]
    return f"{last or 0}.{max(at for at in row[1:] if at).timestamp()}"


def context_of(request: StaffRequest, uuid: UUID, *, refusal: Refusal | None = None) -> Context:
    """Everything the page shows."""
    related = (
        *("contact", "assignee", "resolver", "team", "brand", "survey", "score", "follow_up__owner"),
        "conversation_origin__connection",
    )
    visibility = visibility_for(request.user)
    sessions = Session.objects.filter(visibility.conversations()).select_related(*related)
    session = get_object_or_404(sessions, uuid=uuid)
    survey, score = getattr(session, "survey", None), getattr(session, "score", None)
    score = score if visibility.can_see(score) else None
    scores = Score.objects.filter(visibility.as_filter(), contact=session.contact_id)
    origin: ConversationOrigin | None = getattr(session, "conversation_origin", None)
    return {
        "session": session,
        **_timeline(session, visibility, whole="all" in request.GET),
        **_survey(session, survey, score, visibility),
        "ratings": scores.filter(session__practice=False).aggregate(count=Count("pk"), average=Avg("score")),
        **_telling(session, score, request),
        "origin": origin,
        "write_back": session.write_backs.first() if origin and score else None,
        "tags": list(session.tags.all()),
        "agents": list(agents_among(visibility.teams).only("uuid", "name", "email", "kind")[:MAX_AGENTS]),
        "may_copy_link": link_handouts.refusal(session, request.user) is None,
        "refusal": refusal,
        "may_remove_practice": practice.may_remove(request, session),
        "in_outbox": session.practice and _goes_to_outbox(session),
    }


def _telling(session: Session, score: Score | None, request: StaffRequest) -> Context:
    """The follow-up, what was written to the customer, and what may be."""
    follow_up = getattr(session, "follow_up", None) if score else None
    context: Context = {"follow_up": follow_up}
    if score is None or not role_may(roles.role_of(request.user), Verb.HANDLE_FOLLOW_UP):
        return context
    said = follow_up.resolution if follow_up else ""
    return context | {
        "may_tell": True,
        "told": list(session.staff_messages.all()[:MAX_TOLD]),
        "cannot_tell": staff_messages.refusal(session),
        "draft": staff_messages.draft(session, said, apologize=follow_up is not None),
    }


def _goes_to_outbox(session: Session) -> bool:
    return registry.get(session.surveyed_as).status().state == status.SANDBOX


def _timeline(session: Session, visibility: Visibility, *, whole: bool) -> Context:
    newest = Event.objects.filter(session_id=session.pk).order_by("-at", "-id")
    events = list(newest if whole else newest[: timeline.LIMIT + 1])
    has_earlier = not whole and len(events) > timeline.LIMIT
    shown = reversed(events[: timeline.LIMIT] if has_earlier else events)
    return {"items": timeline.items_for(session, shown, visibility=visibility), "earlier": has_earlier}


def _survey(session: Session, survey: Survey | None, score: Score | None, visibility: Visibility) -> Context:
    """The rating, the deliveries, why the customer was or was not asked, and the channels to ask on now."""
    deliveries = list(survey.deliveries.order_by("-id")) if survey else []
    judged = gates.gates_of(survey) if survey else []
    return {
        "survey": survey,
        "score": score,
        "comment": visibility.comment_of(score),
        "themes": reading.of(score) if score and visibility.comment_of(score) else [],
        "comment_hidden": bool(score and score.comment and not visibility.can_see_comments),
        "after": _after(deliveries, score) if score else "",
        "failed_gates": [gate for gate in judged if not gate.passed],
        "passed_gates": [gate for gate in judged if gate.passed],
        "deliveries": deliveries,
        "quarantined": _quarantined(survey, visibility) if survey else [],
        "channels": _channels(session),
    }


def _after(deliveries: list[Delivery], score: Score) -> str:
    """`40 s after it was shown`: counted from the last delivery before the rating."""
    times = [
        (at, delivery.shown_at is not None)
        for delivery in deliveries
        if (at := delivery.shown_at or delivery.sent_at) and at <= score.submitted_at
    ]
    if not times:
        return ""
    at, was_shown = max(times)
    text = _("%(time)s after it was shown") if was_shown else _("%(time)s after it was sent")
    return text % {"time": timeline.duration(int((score.submitted_at - at).total_seconds()))}


def _quarantined(survey: Survey, visibility: Visibility) -> list[Answer]:
    agent_id = survey.session.resolver_id or survey.session.assignee_id
    if not visibility.can_see_comments or not visibility.can_see_credit(agent_id):
        return []
    return list(survey.answers.filter(state=Answer.State.QUARANTINED).order_by("-revision"))


def _channels(session: Session) -> list[tuple[str, str, bool]]:
    """Slug, label, and whether this contact has an address there; the usual channel first."""
    usual = session.surveyed_as
    kinds = [kind for kind in SURVEYED if kind == usual or registry.get(kind).speaks_as == kind]
    kinds.sort(key=lambda kind: kind != usual)
    return [
        (kind.value, str(kind.label), registry.get(kind).address(session.addresses) is not None)
        for kind in kinds
    ]
