"""What a team does on a conversation's page: one verb each. A refusal is told beside the action, with all that was typed."""

from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from csat.lib.refusal import Invalid, Missing, Refused
from csat.people import roles
from csat.people.models import Agent
from csat.sessions import conversing, resolving
from csat.sessions.models import Session
from csat.surveys import answering, following, links, scheduling
from csat.surveys.models import Answer, Origin
from csat.timeline.recording import Actor
from csat.web.access import StaffRequest, staff
from csat.web.inbox import session as page

Said = str | None  # what the toast says
M = TypeVar("M", bound=Model)


@staff
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    verb = ACTS.get(name)
    if verb is None:
        raise Http404
    if name in MANAGERS_ONLY and request.role == roles.AGENT:
        raise PermissionDenied
    session = get_object_or_404(Session.objects.select_related("contact", "assignee", "team"), uuid=uuid)
    try:
        said = verb(session, request.POST, roles.actor_of(request.user), request)
    except Refused as refused:
        return _refused(request, session, page.Refusal(name, refused.message, request.POST.dict()), refused.status)
    return _done(request, session, said)


def _done(request: StaffRequest, session: Session, said: Said) -> HttpResponse:
    if not request.htmx:
        if said:
            messages.success(request, said)
        return redirect("session", session.uuid)
    context = page.told(request, session.uuid) | {"version": page.news(session.uuid)}
    response = render(request, "inbox/_live.html", context)
    return trigger_client_event(response, "toast", {"text": said}) if said else response


def _refused(request: StaffRequest, session: Session, refusal: page.Refusal, status: int) -> HttpResponse:
    if not request.htmx:
        context = page.told(request, session.uuid, refusal=refusal) | {"version": page.news(session.uuid)}
        return render(request, "inbox/session.html", context, status=status)
    response = render(request, "inbox/_refusal.html", {"refusal": refusal}, status=status)
    return reswap(retarget(response, f"#refusal-{refusal.act}"), "innerHTML")


@staff
@require_POST
def link(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The rating link, to be given to the customer by other means: nothing is sent."""
    session = get_object_or_404(Session.objects.select_related("contact"), uuid=uuid)
    try:
        url = links.rate_url(scheduling.open_link(session, by=roles.actor_of(request.user)))
    except Refused as refused:
        return _refused(request, session, page.Refusal("link", refused.message, {}), refused.status)
    response = render(request, "inbox/_link.html" if request.htmx else "inbox/link.html", {"url": url, "session": session})
    return trigger_client_event(response, "copy-this", {"text": url}) if request.htmx else response


# the verbs


def _resolve(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    ask = "without" not in given
    if not resolving.resolve(session, by=by, ask=ask):
        raise Refused(_("Somebody resolved it already."))
    return _("Resolved.") if ask else _("Resolved without a survey.")


def _close(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    if not resolving.close(session, by=by):
        raise Refused(_("Somebody closed it already."))
    return _("Closed unresolved.")


def _reopen(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    if not resolving.reopen(session, by=by):
        raise Refused(_("It is open already."))
    return _("Reopened.")


def _survey(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    survey = scheduling.request(
        session, origin=Origin.MANUAL, by=by, channel=given.get("channel") or None, message=given.get("message", "").strip()
    )
    gates = [gate for gate in survey.gates if not gate["passed"]] if survey.state == "skipped" else []
    if gates:
        raise Refused(_("Not sent: %(why)s.") % {"why": gates[0]["text"]})
    return _("The survey is on its way.")


def _reply(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    conversing.add_message(session, sender="agent", text=given.get("text", ""), by=by, agent=_me(by))
    return None


def _note(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    conversing.note(session, given.get("text", ""), by=by)
    return None


def _tag(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    names = [name.strip() for name in given.get("tags", "").split(",") if name.strip()]
    if not names:
        raise Invalid(_("Type a tag."))
    conversing.tag(session, names, by=by)
    return None


def _untag(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    conversing.untag(session, [given.get("tag", "")], by=by)
    return _("Tag removed.")


def _assign(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    agent = _one(Agent.objects.all(), given.get("agent", "")) if given.get("agent") else None
    conversing.assign(session, agent, by=by)
    return _("Assigned to %(name)s.") % {"name": agent} if agent else _("Nobody is assigned.")


def _take(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    following.take(session, request.user)
    return _("It is yours.")


def _follow_up_note(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    following.note(session, request.user, given.get("text", ""))
    return _("Noted.")


def _follow_up_done(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    following.done(session, request.user)
    return _("Done.")


def _restore(session: Session, given: QueryDict, by: Actor, request: StaffRequest) -> Said:
    answering.restore(_one(Answer.objects.filter(survey__session=session), given.get("answer", "")), by=by)
    return _("The answer counts again.")


def _one(rows: QuerySet[M], uuid: str) -> M:
    try:
        return rows.get(uuid=uuid)
    except (ObjectDoesNotExist, ValidationError):
        raise Missing(_("There is no such choice any more.")) from None


def _me(by: Actor) -> Agent | None:
    return Agent.objects.filter(uuid=by.id).first()


ACTS: dict[str, Callable[[Session, QueryDict, Actor, StaffRequest], Said]] = {
    "resolve": _resolve,
    "close": _close,
    "reopen": _reopen,
    "survey": _survey,
    "reply": _reply,
    "note": _note,
    "tag": _tag,
    "untag": _untag,
    "assign": _assign,
    "take": _take,
    "follow-up-note": _follow_up_note,
    "follow-up-done": _follow_up_done,
    "restore": _restore,
}
MANAGERS_ONLY = {"restore"}
