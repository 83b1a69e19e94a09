"""Settings → CSAT: one form for every setting, with previews of the message and a dry run."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from csat.channels.base import Brand
from csat.channels.transports import sandbox
from csat.lib.refusal import Invalid, Refused
from csat.people import roles
from csat.people.permissions import Verb
from csat.surveys.delivery.preview import send_test
from csat.surveys.models import CsatSettings
from csat.surveys.rules import settings
from csat.web.access import StaffRequest, may
from csat.web.mail_frame import mail_frame
from csat.web.settings import csat_page
from csat.web.settings.csat_form import SettingsForm
from csat.web.settings.csat_hours import copy_first_day


@may(Verb.MANAGE_SETTINGS)
@require_GET
def index(request: StaffRequest) -> HttpResponse:
    return redirect("settings-csat")


@may(Verb.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    if request.method == "GET":
        return show(request, SettingsForm(instance=CsatSettings.current()))
    form = form_of(request)
    if not _save(request, form):
        response = show(request, form, status=422)
        response["HX-Reswap"] = "outerHTML show:#problems:top"
        return response
    toast = _saved_in_words(form)
    if not request.htmx:
        messages.success(request, toast)
        return redirect("settings-csat")
    response = show(request, SettingsForm(instance=CsatSettings.current()))
    return trigger_client_event(response, "toast", {"text": toast})


@may(Verb.MANAGE_SETTINGS)
@require_POST
def preview(request: StaffRequest, kind: str = "") -> HttpResponse:
    """The channel's message with what has been typed so far."""
    form = form_of(request)
    shown = csat_page.preview(
        form, kind or request.POST.get("preview_channel", ""), request.POST.get("preview_language", "")
    )
    if request.htmx:
        return render(request, "settings/_preview.html", {"preview": shown})
    return show(request, form, preview=shown)


@may(Verb.MANAGE_SETTINGS)
@require_GET
@mail_frame
def preview_page(request: StaffRequest, kind: str) -> HttpResponse:
    """The email as customers see it, for the preview's frame: its own styles, no scripts."""
    message = csat_page.mail(kind, request.GET)
    return HttpResponse(mark_safe(message.html))  # noqa: S308 (our template escapes)


@may(Verb.MANAGE_SETTINGS)
@require_POST
def dry_run(request: StaffRequest) -> HttpResponse:
    """What the settings as typed would have done over the last 30 days."""
    form = form_of(request)
    result = csat_page.dry_run(form)
    if request.htmx:
        return render(request, "settings/_dry_run.html", {"dry_run": result})
    return show(request, form, dry_run=result)


@may(Verb.MANAGE_SETTINGS)
@require_POST
def copy_hours(request: StaffRequest) -> HttpResponse:
    """Monday's hours on every day, with all else that was typed; nothing is saved."""
    typed = copy_first_day(request.POST, "sending_hours")
    form = SettingsForm(typed, request.FILES, instance=CsatSettings.current())
    if request.htmx:
        return render(request, "settings/_hours.html", {"form": form})
    return show(request, form)


@may(Verb.MANAGE_SETTINGS)
@require_POST
def test(request: StaffRequest, kind: str) -> HttpResponse:
    """Send the saved message to the address the manager names."""
    row = csat_page.channel_row(kind)
    to = request.POST.get(f"test_to_{kind}", "").strip()
    text, sent = try_to_send(request, kind, to)
    if request.htmx:
        news = csat_page.sending_context() if sent else {}  # a message that arrives ends a stop
        shown = {**news, "row": row, "text": text, "sent": sent}
        return render(request, "settings/_tested.html", shown)
    (messages.success if sent else messages.error)(request, text)
    return show(request, form_of(request))


def form_of(request: StaffRequest) -> SettingsForm:
    """The form with what has been typed so far."""
    return SettingsForm(request.POST, request.FILES, instance=CsatSettings.current())


def show(request: StaffRequest, form: SettingsForm, *, status: int = 200, **more: object) -> HttpResponse:
    """The page, or for htmx its form."""
    template = "settings/_csat.html" if request.htmx else "settings/csat.html"
    return render(request, template, {**csat_page.context(form, request.user), **more}, status=status)


def _save(request: StaffRequest, form: SettingsForm) -> bool:
    if not form.is_valid():
        return False
    try:
        settings.change(by=roles.actor_of(request.user), **form.changes(), **form.logo_change())
    except Invalid as refused:
        form.add_errors_of(refused)
        return False
    return True


def _saved_in_words(form: SettingsForm) -> str:
    changes = form.changes_in_words()
    if not changes:
        return _("Saved. Nothing changed.")
    return _("Saved. %(changes)s") % {"changes": " · ".join(changes)}


def try_to_send(request: StaffRequest, kind: str, to: str, *, brand: Brand | None = None) -> tuple[str, bool]:
    """Send the channel's message, under this brand or the default one; what to say, and whether it went."""
    if not to:
        return _("Enter where to send the test."), False
    try:
        receipt = send_test(kind, to=to, by=roles.actor_of(request.user), brand=brand)
    except Refused as refused:
        return refused.message, False
    if receipt.transport == sandbox.NAME:
        return _("Sent to the Outbox: no provider is set up."), True
    return _("Sent to %(to)s.") % {"to": to}, True
