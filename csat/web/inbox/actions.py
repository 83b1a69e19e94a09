"""What the team does on a conversation's page. A refusal is shown beside its action, with what was typed."""

from typing import TypeVar
from uuid import UUID

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget, trigger_client_event

from csat.lib.refusal import Invalid, Missing, Refused
from csat.lib.text import as_uuid
from csat.people import roles
from csat.people.models import Agent
from csat.people.permissions import Verb
from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import Origin
from csat.surveys.delivery import link_handouts, scheduling, staff_messages
from csat.surveys.models import Answer
from csat.surveys.visibility import agents_among, conversations_of, visibility_for, visible_teams
from csat.timeline.recording import Actor
from csat.web.access import StaffRequest, may, may_each
from csat.web.inbox import session as page

Toast = str | None  # the text of the toast; None: nothing to say
M = TypeVar("M", bound=Model)
VERBS = {
    **dict.fromkeys(
        ("resolve", "close", "reopen", "reply", "note", "tag", "untag", "assign"), Verb.WORK_ON_CONVERSATION
    ),
    "survey": Verb.REQUEST_SURVEY,
    **dict.fromkeys(
        ("take", "follow-up-note", "follow-up-done", "follow-up-say", "tell"), Verb.HANDLE_FOLLOW_UP
    ),
    "restore": Verb.RESTORE_ANSWER,
}


@may_each(VERBS)
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    sessions = conversations_of(request.user).select_related("contact", "assignee", "team")
    session = get_object_or_404(sessions, uuid=uuid)
    try:
        toast = _act_on(session, name, request)
    except Refused as refused:
        refusal = page.Refusal(name, refused.message, request.POST.dict())
        return _refused(request, session, refusal, refused.status)
    return _done(request, session, toast)


def _done(request: StaffRequest, session: Session, toast: Toast) -> HttpResponse:
    if not request.htmx:
        if toast:
            messages.success(request, toast)
        return _way_back(request, session)
    context = page.context_of(request, session.uuid)
    context["version"] = page.current_version(request, session.uuid)
    response = render(request, "inbox/_live.html", context)
    return trigger_client_event(response, "toast", {"text": toast}) if toast else response


def _way_back(request: StaffRequest, session: Session) -> HttpResponse:
    """To the list or the contact from which it was done, or to the conversation."""
    match request.POST.get("from"):
        case "list":
            return redirect(f"{reverse('inbox')}?{request.POST.get('query', '')}")
        case "contact":
            return redirect("contact", session.contact.uuid)
    return redirect("session", session.uuid)


def _refused(request: StaffRequest, session: Session, refusal: page.Refusal, status: int) -> HttpResponse:
    if not request.htmx:
        context = page.context_of(request, session.uuid, refusal=refusal)
        context["version"] = page.current_version(request, session.uuid)
        return render(request, "inbox/session.html", context, status=status)
    response = render(request, "inbox/_refusal.html", {"refusal": refusal}, status=status)
    return reswap(retarget(response, f"#refusal-{refusal.act}"), "innerHTML")


@may(Verb.COPY_LINK)
@require_POST
def link(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Show a rating link, for this member of staff to pass on. Nothing is sent."""
    session = get_object_or_404(conversations_of(request.user).select_related("contact"), uuid=uuid)
    try:
        url = link_handouts.copy(session, request.user)
    except Refused as refused:
        return _refused(request, session, page.Refusal("link", refused.message, {}), refused.status)
    template = "inbox/_link.html" if request.htmx else "inbox/link.html"
    response = render(request, template, {"url": url, "session": session})
    return trigger_client_event(response, "copy-this", {"text": url}) if request.htmx else response


def _act_on(session: Session, name: str, request: StaffRequest) -> Toast:
    data, by = request.POST, roles.actor_of(request.user)
    match name:
        case "resolve":
            ask = "without" not in data
            if not resolving.resolve(session, by=by, ask=ask):
                raise Refused(_("This conversation is already resolved."))
            return _("Resolved.") if ask else _("Resolved without a survey.")
        case "close":
            if not resolving.close(session, by=by):
                raise Refused(_("This conversation is already closed."))
            return _("Closed unresolved.")
        case "reopen":
            if not resolving.reopen(session, by=by):
                raise Refused(_("This conversation is already open."))
            return _("Reopened.")
        case "survey":
            _request_survey(session, data, by)
            return _("The survey is on its way.")
        case "reply":
            agent = Agent.objects.filter(uuid=by.id).first()
            activity.add_message(session, sender="agent", text=data.get("text", ""), by=by, agent=agent)
            return None
        case "note":
            activity.add_note(session, data.get("text", ""), by=by)
            return None
        case "tag":
            names = [name.strip() for name in data.get("tags", "").split(",") if name.strip()]
            if not names:
                raise Invalid(_("Enter a tag."))
            tagging.tag(session, names, by=by)
            return None
        case "untag":
            tagging.untag(session, [data.get("tag", "")], by=by)
            return _("Tag removed.")
        case "assign":
            known = agents_among(visible_teams(request.user))
            assignee = _get(known, data["agent"]) if data.get("agent") else None
            activity.assign(session, assignee, by=by)
            return _("Assigned to %(name)s.") % {"name": assignee} if assignee else _("Unassigned.")
        case "take":
            follow_ups.assign_to(session, request.user)
            return _("Assigned to you.")
        case "follow-up-note":
            follow_ups.save_note(session, request.user, data.get("text", ""))
            return _("Note saved.")
        case "follow-up-done":
            if data.get("resolution", "").strip():
                follow_ups.say_what_was_done(session, request.user, data["resolution"])
            follow_ups.mark_done(session, request.user)
            return _("Follow-up done.")
        case "follow-up-say":
            follow_ups.say_what_was_done(session, request.user, data.get("resolution", ""))
            return _("The customer reads it on the page behind their rating link.")
        case "tell":
            if not visibility_for(request.user).can_see(getattr(session, "score", None)):
                raise Missing(_("This conversation has no rating that you may see."))
            staff_messages.write(session, data.get("text", ""), by=request.user)
            return _("Your message is on its way.")
        case "restore":
            answers = Answer.objects.filter(survey__session=session)
            answering.restore(_get(answers, data.get("answer", "")), by=by)
            return _("Restored.")
    raise Http404


def _request_survey(session: Session, data: QueryDict, by: Actor) -> None:
    survey = scheduling.request(
        session,
        origin=Origin.MANUAL,
        by=by,
        channel=data.get("channel") or None,
        message=data.get("message", "").strip(),
    )
    failed_gate = next((gate for gate in survey.gates if not gate["passed"]), None)
    if survey.state == "skipped" and failed_gate:
        raise Refused(_("Not sent: %(why)s.") % {"why": failed_gate["text"]})


def _get(rows: QuerySet[M], uuid: str) -> M:
    row = rows.filter(uuid=as_uuid(uuid)).first()
    if row is None:
        raise Missing(_("This choice no longer exists. Reload the page."))
    return row
