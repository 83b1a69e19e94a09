"""Settings → API keys: made, shown once, watched, revoked. For admins."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from csat.lib.refusal import Invalid
from csat.people import keys, roles
from csat.people.models import ApiKey
from csat.web.access import admins

ABOUT = {
    "contacts": gettext_lazy("Customers: find, make, change, erase"),
    "chat-sessions": gettext_lazy("Conversations: make, resolve, hand off, messages"),
    "csat": gettext_lazy("Surveys, scores, reports and settings"),
    "webhooks": gettext_lazy("Webhook endpoints and their calls"),
    "workflows": gettext_lazy("Workflows and their runs"),
    "handoff-analytics": gettext_lazy("Figures on handoffs"),
}


class KeyForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=[(scope, scope) for scope in keys.SCOPES],
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )


@admins
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    made = _make(request, form) if request.method == "POST" and form.is_valid() else None
    status = 422 if request.method == "POST" and made is None else 200
    shown = KeyForm() if made else form
    return render(request, "settings/api_keys.html", {"form": shown, "made": made, **_lists(shown)}, status=status)


@admins
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A GET asks, a POST does it."""
    key = get_object_or_404(ApiKey, uuid=uuid, revoked_at=None)
    if request.method == "GET":
        return render(request, "settings/revoke_key.html", {"key": key})
    keys.revoke(key, by=roles.actor_of(request.user))
    messages.success(request, _("%(name)s is revoked: it opens nothing from now on.") % {"name": key.name})
    return redirect("settings-api-keys")


def _make(request: HttpRequest, form: KeyForm) -> str | None:
    """The key itself: this answer is the only place it is ever shown."""
    try:
        return keys.make(form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], by=roles.actor_of(request.user))[1]
    except Invalid as refused:
        for name, texts in refused.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _lists(form: KeyForm) -> dict[str, Any]:
    chosen = form["scopes"].value() or []
    rows = [
        (resource, ABOUT[resource], [(f"{resource}:{right}", right, f"{resource}:{right}" in chosen) for right in ("read", "write")])
        for resource in keys.RESOURCES
    ]
    return {"resources": rows, "keys": ApiKey.objects.select_related("created_by").order_by("revoked_at", "-id")}
