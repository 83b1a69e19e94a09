"""Settings → Webhooks: endpoints, their health, their calls. For managers."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.lib.refusal import Invalid, Refused
from csat.people import roles
from csat.web.access import managers
from csat.webhooks import calling, endpoints
from csat.webhooks.kinds import EVENTS
from csat.webhooks.models import Call, Endpoint

REPLAYED_DAYS = ("1", "7", "30")
FIRST = ["csat.requested", "csat.score_submitted"]


ABOUT = {  # each event, for people who read no manual
    "contact.erased": gettext_lazy("a contact was erased: forget them, too"),
    "conversation.agent_response": gettext_lazy("an agent wrote"),
    "conversation.ai_response": gettext_lazy("the AI wrote"),
    "conversation.closed": gettext_lazy("a conversation was resolved or closed"),
    "conversation.contact_response": gettext_lazy("the customer wrote"),
    "conversation.handoff_to_human": gettext_lazy("the AI handed over to a person"),
    "conversation.started": gettext_lazy("a conversation began"),
    "csat.delivery_failed": gettext_lazy("a survey could not be delivered"),
    "csat.requested": gettext_lazy("a survey was sent, or shown in the chat"),
    "csat.score_submitted": gettext_lazy("a customer rated, or changed the rating"),
    "workflow.run.failed": gettext_lazy("a workflow stopped with an error"),
    "workflow.run.succeeded": gettext_lazy("a workflow came to its end"),
}


class EndpointForm(forms.Form):
    url = forms.CharField(label=gettext_lazy("Address"), max_length=2000, widget=forms.URLInput)
    description = forms.CharField(label=gettext_lazy("What it is for"), max_length=200, required=False)
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What it is told"),
        choices=[(name, ABOUT.get(name, "")) for name in EVENTS],
        error_messages={"required": gettext_lazy("Choose at least one event.")},
    )


@managers
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = EndpointForm(request.POST or None, initial={"events": FIRST})
    made = _save(request, form) if request.method == "POST" and form.is_valid() else None
    if made:
        messages.success(request, _("The webhook is added."))
        return _with_secret(request, made)
    rows = Endpoint.objects.alive()
    return render(request, "webhooks/page.html", {"form": form, "endpoints": rows}, status=422 if request.method == "POST" else 200)


@managers
@never_cache
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, uuid: UUID) -> HttpResponse:
    endpoint = _one(uuid)
    first = {name: getattr(endpoint, name) for name in ("url", "description", "events")}
    form = EndpointForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid() and _save(request, form, endpoint):
        messages.success(request, _("Saved."))
        return redirect("settings-webhook", uuid)
    return _shown(request, endpoint, form=form, status=422 if request.method == "POST" else 200)


@managers
@require_GET
def calls(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The log alone: what polling swaps."""
    return render(request, "webhooks/_calls.html", _log(request, _one(uuid)))


@managers
@require_POST
def act(request: HttpRequest, uuid: UUID, name: str) -> HttpResponse:
    """test, rotate, on, off, replay (one call, or all failed of the last days), remove."""
    endpoint = _one(uuid)
    if name == "rotate":
        endpoints.rotate(endpoint, by=roles.actor_of(request.user))
        return _with_secret(request, endpoint)
    done = ACTS.get(name)
    if done is None:
        raise Http404
    try:
        messages.success(request, done(request, endpoint))
    except Refused as refused:
        messages.error(request, refused.message)
    return redirect("settings-webhooks") if name == "remove" else redirect("settings-webhook", uuid)


def _test(request: HttpRequest, endpoint: Endpoint) -> str:
    calling.test(endpoint)
    return _("A test event is on its way.")


def _switch(request: HttpRequest, endpoint: Endpoint, *, on: bool) -> str:
    endpoints.change(endpoint, by=roles.actor_of(request.user), enabled=on)
    return _("Switched on.") if on else _("Switched off: nothing is told until you switch it on again.")


def _replay(request: HttpRequest, endpoint: Endpoint) -> str:
    if request.POST.get("call"):
        calling.replay(get_object_or_404(endpoint.calls, uuid=request.POST["call"]))
        return _("The call is made again.")
    days = request.POST.get("days", "")
    since = timezone.now() - timedelta(days=int(days) if days in REPLAYED_DAYS else 1)
    count = calling.replay_failed(endpoint, since=since)
    return ngettext("%(n)d failed call is made again.", "%(n)d failed calls are made again.", count) % {"n": count}


def _remove(request: HttpRequest, endpoint: Endpoint) -> str:
    endpoints.remove(endpoint, by=roles.actor_of(request.user))
    return _("The webhook is removed.")


ACTS = {
    "test": _test,
    "on": lambda request, endpoint: _switch(request, endpoint, on=True),
    "off": lambda request, endpoint: _switch(request, endpoint, on=False),
    "replay": _replay,
    "remove": _remove,
}


def _one(uuid: UUID) -> Endpoint:
    return get_object_or_404(Endpoint.objects.alive(), uuid=uuid)


def _save(request: HttpRequest, form: EndpointForm, endpoint: Endpoint | None = None) -> Endpoint | None:
    by = roles.actor_of(request.user)
    try:
        return endpoints.change(endpoint, by=by, **form.cleaned_data) if endpoint else endpoints.add(by=by, **form.cleaned_data)
    except Invalid as refused:
        for name, texts in refused.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _with_secret(request: HttpRequest, endpoint: Endpoint) -> HttpResponse:
    """The only answer that ever shows the secret."""
    form = EndpointForm(initial={name: getattr(endpoint, name) for name in ("url", "description", "events")})
    return _shown(request, endpoint, form=form, secret=endpoint.secret)


def _shown(request: HttpRequest, endpoint: Endpoint, *, form: EndpointForm, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "webhooks/one.html", {"form": form, **_log(request, endpoint), **more}, status=status)


def _log(request: HttpRequest, endpoint: Endpoint) -> dict[str, Any]:
    state = request.GET.get("state", "")
    rows = endpoint.calls.filter(state=state) if state in Call.State.values else endpoint.calls.all()
    found = Paginator(rows, 25).get_page(request.GET.get("page"))
    waiting = endpoint.calls.filter(state=Call.State.PENDING).count()
    return {"endpoint": endpoint, "calls": found, "state": state, "states": Call.State.choices, "waiting": waiting}
