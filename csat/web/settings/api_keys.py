"""Settings → API keys, for admins: create, list, rotate, revoke. A key is shown once."""

import re
from datetime import datetime, time, timedelta
from typing import TypedDict
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from csat.lib.refusal import Invalid, Refused
from csat.people import keys, roles
from csat.people.models import ApiKey
from csat.people.permissions import Verb
from csat.web.access import may
from csat.web.account.reauthentication import asked_again
from csat.web.days import DayField

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
        "writing can send all of that to another address. Reaches nothing of the audit log."
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
    "reports": gettext_lazy(
        "Saved reports, their digests and shared links, and notes on the charts. Reaches no customer; "
        "writing sends reports to staff, and makes links that show one, with comments if asked, to anybody."
    ),
    "imports": gettext_lazy(
        "Imports of past conversations and ratings, and undoing them. Reading reaches counts and reasons, "
        "no customer; writing creates contacts and conversations, and can remove those it created."
    ),
}


EXPIRIES = {"30": 30, "90": 90, "365": 365}  # days, by the value of the choice
EXPIRY_CHOICES = [
    ("30", gettext_lazy("30 days")),
    ("90", gettext_lazy("90 days")),
    ("365", gettext_lazy("A year")),
    ("date", gettext_lazy("Until")),
    ("never", gettext_lazy("No end")),
]
KEEP_CHOICES = [
    ("0", gettext_lazy("It ends at once")),
    ("1", gettext_lazy("It works for one more day")),
    ("7", gettext_lazy("It works for 7 more days")),
]


class Limits(TypedDict):
    expires_at: datetime | None
    from_networks: list[str]


class LimitsForm(forms.Form):
    """Until when a key works, and from where."""

    expiry = forms.ChoiceField(label=gettext_lazy("Works for"), choices=EXPIRY_CHOICES, initial="365")
    expiry_date = DayField(label=gettext_lazy("Last day"), required=False)
    networks = forms.CharField(
        label=gettext_lazy("Only from these addresses"),
        required=False,
        max_length=4000,
        widget=forms.Textarea,
        help_text=gettext_lazy(
            "Addresses or networks, one a line, such as 203.0.113.7 or 2001:db8::/32. Empty: from everywhere."
        ),
    )

    def clean_expiry_date(self) -> datetime | None:
        """The end of that day where the reader is."""
        day = self.cleaned_data["expiry_date"]
        if self.cleaned_data.get("expiry") != "date":
            return None
        if day is None:
            raise forms.ValidationError(_("Choose the last day."))
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=timezone.get_current_timezone())

    def clean_networks(self) -> list[str]:
        return list(filter(None, re.split(r"[\s,;]+", self.cleaned_data["networks"])))

    @property
    def limits(self) -> Limits:
        """As the room takes them."""
        days = EXPIRIES.get(self.cleaned_data["expiry"])
        ends = timezone.now() + timedelta(days=days) if days else self.cleaned_data["expiry_date"]
        return Limits(expires_at=ends, from_networks=self.cleaned_data["networks"])

    def refuse(self, refused: Refused) -> None:
        """Show what the room said beside the field that it names."""
        names = {"expires_at": "expiry_date"}
        for name, texts in (refused.fields or {"": [refused.message]}).items():
            field = names.get(name, name)
            self.add_error(field if field in self.fields else None, texts)


class KeyForm(LimitsForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, scope) for scope in keys.SCOPES],
        error_messages={"required": gettext_lazy("Choose at least one scope.")},
    )


class RotationForm(LimitsForm):
    keep = forms.ChoiceField(label=gettext_lazy("The old key"), choices=KEEP_CHOICES, initial="1")


@may(Verb.MANAGE_API_KEYS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def page(request: HttpRequest) -> HttpResponse:
    form = KeyForm(request.POST or None)
    secret = _create(request, form) if request.method == "POST" and form.is_valid() else ""
    return _show(request, form, secret)


@may(Verb.MANAGE_API_KEYS)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def rotate(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET asks how long the old key works on, POST makes the new one and shows it this once."""
    key = get_object_or_404(ApiKey.objects.working(), uuid=uuid)
    form = RotationForm(request.POST or None, initial=_limits_of(key))
    if request.method == "POST" and form.is_valid():
        by, keep = roles.actor_of(request.user), timedelta(days=int(form.cleaned_data["keep"]))
        try:
            _row, secret = keys.rotate(key, keep=keep, by=by, **form.limits)
            return _show(request, KeyForm(), secret)
        except Refused as refused:
            form.refuse(refused)
    status = 422 if request.method == "POST" else 200
    return render(request, "settings/rotate_key.html", {"key": key, "form": form}, status=status)


@may(Verb.MANAGE_API_KEYS)
@require_http_methods(["GET", "POST"])
@asked_again
def revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET asks for confirmation, POST revokes."""
    key = get_object_or_404(ApiKey, uuid=uuid, revoked_at=None)
    if request.method == "GET":
        return render(request, "settings/revoke_key.html", {"key": key})
    keys.revoke(key, by=roles.actor_of(request.user))
    messages.success(request, _("%(name)s is revoked.") % {"name": key.name})
    return redirect("settings-api-keys")


def _create(request: HttpRequest, form: KeyForm) -> str:
    """The key itself, which only this response shows; empty if it was refused."""
    given, by = form.cleaned_data, roles.actor_of(request.user)
    try:
        return keys.create(given["name"], scopes=given["scopes"], by=by, **form.limits)[1]
    except Invalid as refused:
        form.refuse(refused)
        return ""


def _limits_of(key: ApiKey) -> dict[str, object]:
    """A new key lasts as long as the old one was meant to."""
    networks = "\n".join(key.networks)
    if key.expires_at is None:
        return {"expiry": "never", "networks": networks}
    days = (key.expires_at - key.created_at).days
    nearest = min(EXPIRIES, key=lambda value: abs(EXPIRIES[value] - days))
    return {"expiry": nearest, "networks": networks}


def _show(request: HttpRequest, form: KeyForm, secret: str = "") -> HttpResponse:
    refused = request.method == "POST" and not secret
    form = KeyForm() if secret else form
    context = {"form": form, "secret": secret, **_lists(form)}
    return render(request, "settings/api_keys.html", context, status=422 if refused else 200)


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
    known = list(ApiKey.objects.select_related("created_by", "rotated_from").order_by("-id"))
    soon = {key.pk for key in keys.expiring()}
    replaced_by = {key.rotated_from_id: key for key in known if not key.ended and key.rotated_from_id}
    return {
        "resources": rows,
        "keys": [
            (key, key.pk in soon, replaced_by.get(key.pk)) for key in sorted(known, key=lambda key: key.ended)
        ],
    }
