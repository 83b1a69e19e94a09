"""Settings → CSAT: one form over every rule, with what each channel would say and what the rules would have done."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from csat.channels.transports import sandbox
from csat.lib.refusal import Invalid, Refused
from csat.people import roles
from csat.surveys import rehearsing, settings
from csat.surveys.models import CsatSettings
from csat.web.access import StaffRequest, managers
from csat.web.mail_frame import mail_frame
from csat.web.settings import csat_page
from csat.web.settings.csat_form import SettingsForm


@managers
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    return redirect("settings-csat")


@managers
@require_http_methods(["GET", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    if request.method == "GET":
        return _show(request, SettingsForm(instance=CsatSettings.current()))
    form = _typed(request)
    if not _save(request, form):
        response = _show(request, form, status=422)
        response["HX-Reswap"] = "outerHTML show:#problems:top"
        return response
    told = _saved(form)
    if not request.htmx:
        messages.success(request, told)
        return redirect("settings-csat")
    response = _show(request, SettingsForm(instance=CsatSettings.current()), saved=told)
    return trigger_client_event(response, "toast", {"text": told})


@managers
@require_POST
def preview(request: StaffRequest, kind: str = "") -> HttpResponse:
    """What this channel would say with what has been typed so far."""
    form = _typed(request)
    shown = csat_page.preview(form, kind or request.POST.get("preview_channel", ""), request.POST.get("preview_language", ""))
    if request.htmx:
        return render(request, "settings/_preview.html", {"preview": shown})
    return _show(request, form, preview=shown)


@managers
@require_GET
@mail_frame
def preview_page(request: StaffRequest, kind: str) -> HttpResponse:
    """A mail as customers see it, for the frame in the preview: its own look, no scripts."""
    message = csat_page.mail(kind, request.GET)
    return HttpResponse(mark_safe(message.html))  # noqa: S308 (our own template, which escapes what it is given)


@managers
@require_POST
def dry_run(request: StaffRequest) -> HttpResponse:
    """What the rules as typed would have done over the last 30 days."""
    form = _typed(request)
    found = csat_page.dry_run(form)
    if request.htmx:
        return render(request, "settings/_dry_run.html", {"dry_run": found})
    return _show(request, form, dry_run=found)


@managers
@require_POST
def test(request: StaffRequest, kind: str) -> HttpResponse:
    """Send the saved message to the address the manager names."""
    row = csat_page.channel_row(kind)
    to = request.POST.get(f"test_to_{kind}", "").strip()
    text, sent = _try_to_send(request, kind, to)
    if request.htmx:
        return render(request, "settings/_tested.html", {"row": row, "text": text, "sent": sent})
    (messages.success if sent else messages.error)(request, text)
    return _show(request, _typed(request))


@managers
@require_POST
def resume(request: StaffRequest, kind: str) -> HttpResponse:
    """Somebody looked after the provider's account: the stopped channel tries again."""
    row = csat_page.channel_row(kind)
    settings.resume(kind, by=roles.actor_of(request.user))
    told = _("%(channel)s tries again.") % {"channel": row.label}
    if request.htmx:
        return trigger_client_event(_show(request, _typed(request)), "toast", {"text": told})
    messages.success(request, told)
    return _show(request, _typed(request))


def _typed(request: StaffRequest) -> SettingsForm:
    return SettingsForm(request.POST, request.FILES, instance=CsatSettings.current())


def _save(request: StaffRequest, form: SettingsForm) -> bool:
    if not form.is_valid():
        return False
    try:
        settings.change(by=roles.actor_of(request.user), **form.given(), **form.picture())
    except Invalid as refused:
        form.refuse(refused)
        return False
    return True


def _saved(form: SettingsForm) -> str:
    changes = form.told()
    return _("Saved. %(changes)s") % {"changes": " · ".join(changes)} if changes else _("Saved. Nothing had changed.")


def _try_to_send(request: HttpRequest, kind: str, to: str) -> tuple[str, bool]:
    if not to:
        return _("Where should it go?"), False
    try:
        receipt = rehearsing.send_test(kind, to=to, by=roles.actor_of(request.user))
    except Refused as refused:
        return refused.message, False
    if receipt.transport == sandbox.NAME:
        return _("It is in the Outbox: no provider is set up."), True
    return _("Sent to %(to)s.") % {"to": to}, True


def _show(request: StaffRequest, form: SettingsForm, *, status: int = 200, **more: Any) -> HttpResponse:
    template = "settings/_csat.html" if request.htmx else "settings/csat.html"
    return render(request, template, {**csat_page.context(form, request.user), **more}, status=status)
