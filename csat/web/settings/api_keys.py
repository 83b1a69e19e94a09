"""Settings → API keys, for admins: create, list, revoke. A key is shown once."""

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

ABOUT = {  # what each is for, and which people's data it reaches
    "contacts": gettext_lazy(
        "Contacts: find, create, change, erase. Reaches every customer's name, addresses and custom data."
    ),
    "chat-sessions": gettext_lazy(
        "Conversations: create, resolve, hand off, messages. Reading includes ratings, comments and every "
        "word of a conversation; writing creates and changes contacts, too."
    ),
    "csat": gettext_lazy(
        "Surveys, scores, reports and settings. Reaches every rating with its comment and customer; "
        "writing makes rating links."
    ),
    "webhooks": gettext_lazy(
        "Webhooks and their logs. The logs hold names, addresses, messages, ratings and comments; "
        "writing can send all of that to another address."
    ),
    "workflows": gettext_lazy(
        "Workflows and their runs. The runs hold names, ratings and comments; writing can message customers "
        "and send their data to another address."
    ),
    "handoff-analytics": gettext_lazy(
        "Handoff analytics. Reaches the summaries that the AI writes at a handoff, but no contact."
    ),
    "connections": gettext_lazy(
        "Connections to help desks and what became of their events. Reaches no contact and no secret; "
        "writing decides which conversations come in, and makes addresses that take them."
    ),
    "imports": gettext_lazy(
        "Imports of past conversations and ratings, and undoing them. Reading reaches counts and reasons, "
        "no customer; writing creates contacts and conversations, and can remove those it created."
    ),
}


class KeyForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, scope) for scope in keys.SCOPES],
        error_messages={"required": gettext_lazy("Choose at least one scope.")},
    )


@admins
@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    secret = _create(request, form) if request.method == "POST" and form.is_valid() else None
    status = 422 if request.method == "POST" and secret is None else 200
    form = KeyForm() if secret else form
    context = {"form": form, "secret": secret, **_lists(form)}
    return render(request, "settings/api_keys.html", context, status=status)


@admins
@require_http_methods(["GET", "POST"])
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET asks for confirmation, POST revokes."""
    key = get_object_or_404(ApiKey, uuid=uuid, revoked_at=None)
    if request.method == "GET":
        return render(request, "settings/revoke_key.html", {"key": key})
    keys.revoke(key, by=roles.actor_of(request.user))
    messages.success(request, _("%(name)s is revoked.") % {"name": key.name})
    return redirect("settings-api-keys")


def _create(request: HttpRequest, form: KeyForm) -> str | None:
    """The key itself, which only this response shows; None if it was refused."""
    try:
        return keys.create(
            form.cleaned_data["name"], scopes=form.cleaned_data["scopes"], by=roles.actor_of(request.user)
        )[1]
    except Invalid as refused:
        for name, texts in refused.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return None


def _lists(form: KeyForm) -> dict[str, object]:
    chosen = form["scopes"].value() or []
    rows = [
        (
            resource,
            ABOUT[resource],
            [(f"{resource}:{right}", right, f"{resource}:{right}" in chosen) for right in ("read", "write")],
        )
        for resource in keys.RESOURCES
    ]
    return {
        "resources": rows,
        "keys": ApiKey.objects.select_related("created_by").order_by("revoked_at", "-id"),
    }
