"""Settings → Webhooks, for managers: the endpoints, their state and the log of their calls."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.lib.refusal import Invalid, Refused
from csat.lib.text import as_uuid
from csat.people import roles
from csat.people.permissions import Verb, role_may
from csat.web.access import RoleNeeded, StaffRequest, may
from csat.web.account.reauthentication import asked_again, asked_again_before
from csat.web.personal_data import keep_read
from csat.web.replica import from_replica
from csat.webhooks import bodies, endpoints, queueing
from csat.webhooks.event_types import AUDIT, EVENTS, TEST
from csat.webhooks.models import Endpoint, WebhookAttempt

REPLAYED_DAYS = ("1", "7", "30")
PRESELECTED = ["csat.requested", "csat.score_submitted"]


ABOUT = {  # what each event means
    AUDIT: gettext_lazy(
        "everything in Settings → Audit: logins, settings, exports and who looked at whose data, with the "
        "usernames and network addresses of your people; no words of customers. For admins only"
    ),
    "connection.paused": gettext_lazy("a connection to a help desk was paused"),
    "contact.erased": gettext_lazy("a contact was erased: erase your copy too"),
    "conversation.agent_response": gettext_lazy("an agent wrote"),
    "conversation.ai_response": gettext_lazy("the AI wrote"),
    "conversation.closed": gettext_lazy("a conversation was resolved or closed"),
    "conversation.contact_response": gettext_lazy("the customer wrote"),
    "conversation.handoff_to_human": gettext_lazy("the AI handed off to a person"),
    "conversation.started": gettext_lazy("a conversation started"),
    "csat.delivery_failed": gettext_lazy("a survey could not be delivered"),
    "csat.requested": gettext_lazy("a survey was sent, or shown in the chat"),
    "csat.score_submitted": gettext_lazy("a customer rated, or changed the rating"),
    "csat.reopened_by_customer": gettext_lazy("after a low score the customer has it looked at again"),
    "csat.comment_withdrawn": gettext_lazy("a customer has withdrawn the words of a rating"),
    "workflow.run.failed": gettext_lazy("a workflow run failed"),
    "workflow.run.succeeded": gettext_lazy("a workflow run succeeded"),
}


class EndpointForm(forms.Form):
    url = forms.CharField(label=gettext_lazy("URL"), max_length=2000, widget=forms.URLInput)
    description = forms.CharField(label=gettext_lazy("Description"), max_length=200, required=False)
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"),
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )

    def __init__(self, request: StaffRequest, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["events"].choices = [(name, ABOUT[name]) for name in _events(request)]  # type: ignore[attr-defined]


@may(Verb.MANAGE_WEBHOOKS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def page(request: StaffRequest) -> HttpResponse:
    form = EndpointForm(request, request.POST or None, initial={"events": PRESELECTED})
    endpoint = _save(request, form) if request.method == "POST" and form.is_valid() else None
    if endpoint:
        messages.success(request, _("Webhook added."))
        return _with_secret(request, endpoint)
    context = {"form": form, "endpoints": Endpoint.objects.alive()}
    return render(request, "webhooks/page.html", context, status=422 if request.method == "POST" else 200)


@may(Verb.MANAGE_WEBHOOKS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    endpoint = _get(request, uuid)
    form = EndpointForm(request, request.POST or None, initial=_initial(endpoint))
    if request.method == "POST" and form.is_valid() and _save(request, form, endpoint):
        messages.success(request, _("Saved."))
        return redirect("settings-webhook", uuid)
    return _show(request, endpoint, form=form, status=422 if request.method == "POST" else 200)


@may(Verb.MANAGE_WEBHOOKS)
@require_GET
@from_replica
def calls(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The log alone, for polling."""
    return render(request, "webhooks/_calls.html", _log(request, _get(request, uuid)))


@may(Verb.MANAGE_WEBHOOKS)
@require_POST
@asked_again_before("rotate")
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """test, rotate, on, off, replay (one call, or all failed of the last days), remove."""
    endpoint, by = _get(request, uuid), roles.actor_of(request.user)
    try:
        match name:
            case "rotate":
                endpoints.rotate(endpoint, by=by)
                return _with_secret(request, endpoint)
            case "test":
                queueing.enqueue_test(endpoint, by=by)
                messages.success(request, _("The test event is on its way."))
            case "on":
                endpoints.change(endpoint, by=by, enabled=True)
                messages.success(request, _("Switched on."))
            case "off":
                endpoints.change(endpoint, by=by, enabled=False)
                text = _("Switched off: no events are sent until you switch it on again.")
                messages.success(request, text)
            case "replay":
                messages.success(request, _replay(request, endpoint))
            case "remove":
                endpoints.remove(endpoint, by=by)
                messages.success(request, _("Webhook deleted."))
            case _:
                raise Http404
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("settings-webhooks") if name == "remove" else redirect("settings-webhook", uuid)


def _replay(request: StaffRequest, endpoint: Endpoint) -> str:
    by = roles.actor_of(request.user)
    if request.POST.get("call"):
        call = get_object_or_404(_calls(request, endpoint), uuid=as_uuid(request.POST["call"]))
        queueing.replay(call, by=by)
        return _("The event is sent again.")
    days = request.POST.get("days", "")
    since = timezone.now() - timedelta(days=int(days) if days in REPLAYED_DAYS else 1)
    count = queueing.replay_failed(endpoint, since=since, by=by)
    text = ngettext("%(n)d failed event is sent again.", "%(n)d failed events are sent again.", count)
    return text % {"n": count}


def _get(request: StaffRequest, uuid: UUID) -> Endpoint:
    """What gets the audit log is for those who may read it."""
    endpoint = get_object_or_404(Endpoint.objects.alive(), uuid=uuid)
    if endpoint.carries_audit and not role_may(request.role, Verb.READ_AUDIT):
        raise RoleNeeded(Verb.READ_AUDIT, role=request.role)
    return endpoint


def _events(request: StaffRequest) -> list[str]:
    return [AUDIT, *EVENTS] if role_may(request.role, Verb.READ_AUDIT) else EVENTS


def _calls(request: StaffRequest, endpoint: Endpoint) -> QuerySet[WebhookAttempt]:
    """Of the log of one that got the audit log before, the rest."""
    may_read = role_may(request.role, Verb.READ_AUDIT)
    return endpoint.calls.all() if may_read else endpoint.calls.without_audit()


def _save(request: StaffRequest, form: EndpointForm, endpoint: Endpoint | None = None) -> Endpoint | None:
    by = roles.actor_of(request.user)
    try:
        if endpoint:
            saved = endpoints.change(endpoint, by=by, **form.cleaned_data)
        else:
            saved = endpoints.add(by=by, **form.cleaned_data)
    except Invalid as refused:
        for name, texts in refused.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return None
    if saved.url.startswith("http://"):
        text = _("Names, addresses and comments go there unencrypted: use https outside your own network.")
        messages.warning(request, text)
    return saved


def _with_secret(request: StaffRequest, endpoint: Endpoint) -> HttpResponse:
    """The only response that shows the secret."""
    form = EndpointForm(request, initial=_initial(endpoint))
    return _show(request, endpoint, form=form, secret=endpoint.signing_secret)


def _initial(endpoint: Endpoint) -> dict[str, object]:
    return {name: getattr(endpoint, name) for name in ("url", "description", "events")}


def _show(
    request: StaffRequest, endpoint: Endpoint, *, form: EndpointForm, status: int = 200, secret: str = ""
) -> HttpResponse:
    context = {"form": form, "secret": secret, **_log(request, endpoint)}
    return render(request, "webhooks/one.html", context, status=status)


def _log(request: StaffRequest, endpoint: Endpoint) -> dict[str, object]:
    """What was sent, and that it was looked at is kept."""
    state, event = request.GET.get("state", ""), request.GET.get("event", "")
    attempts = _calls(request, endpoint)
    if state in WebhookAttempt.State.values:
        attempts = attempts.filter(state=state)
    if event == AUDIT:
        attempts = attempts.filter(type__startswith="audit.")
    elif event in (TEST, *EVENTS):
        attempts = attempts.filter(type=event)
    waiting = endpoint.calls.filter(state=WebhookAttempt.State.PENDING).count()
    page = Paginator(attempts, 25).get_page(request.GET.get("page"))
    bodies.read_into(page)
    if page:
        keep_read(request, endpoint)
    return {
        "endpoint": endpoint,
        "attempts": page,
        "state": state,
        "event": event,
        "events": [*_events(request), TEST],
        "states": WebhookAttempt.State.choices,
        "waiting": waiting,
    }
