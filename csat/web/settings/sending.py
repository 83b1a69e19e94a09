"""Settings → CSAT, what holds surveys back: pausing and resuming, trying a provider, asking again."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST
from django_htmx.http import trigger_client_event

from csat.channels.kinds import SURVEYED
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.permissions import Verb
from csat.surveys.delivery import holds, release, resending
from csat.surveys.delivery.resending import Resend
from csat.web.access import StaffRequest, may
from csat.web.settings import csat, csat_page
from csat.web.settings.csat_texts import PERIODS

RELEASE_SECONDS = 10.0  # of one press


@may(Verb.MANAGE_SETTINGS)
@require_GET
def status(request: StaffRequest) -> HttpResponse:
    """How sending stands now, for the page that is open."""
    if not request.htmx:
        return redirect("settings-csat")
    return render(request, "settings/_sending.html", csat_page.sending_context())


@may(Verb.SWITCH_CHANNEL)
@require_POST
def pause(request: StaffRequest, kind: str | None = None) -> HttpResponse:
    """Hold back what is due, with a reason for others to read, if one was typed."""
    label = _label(kind)
    reason = request.POST.get(f"pause_reason_{kind or 'all'}", "")
    paused = holds.pause(kind, by=roles.actor_of(request.user), reason=reason)
    text = _("%(what)s paused.") if paused else _("%(what)s: paused already.")
    return _done(request, text % {"what": label})


@may(Verb.SWITCH_CHANNEL)
@require_POST
def resume(request: StaffRequest, kind: str | None = None) -> HttpResponse:
    """Let send again what was paused, or stopped once the provider's account is in order."""
    label = _label(kind)
    try:
        resumed = holds.resume(kind, by=roles.actor_of(request.user))
    except Refused as refused:  # restored since this page was opened
        return _done(request, refused.message)
    text = _("%(what)s resumed.") if resumed else _("%(what)s: resumed already.")
    return _done(request, text % {"what": label})


@may(Verb.SWITCH_CHANNEL)
@require_POST
def release_restored(request: StaffRequest) -> HttpResponse:
    """Let a restored database send again, but for what was due until the restore."""
    try:
        released = release.release(by=roles.actor_of(request.user), seconds=RELEASE_SECONDS)
    except Refused as refused:
        return _done(request, refused.message)
    if released.done:
        text = ngettext(
            "Released. %(n)d survey that was due before is not sent.",
            "Released. %(n)d surveys that were due before are not sent.",
            released.not_sent,
        )
    else:
        text = _("%(n)d surveys are closed, some are left: press the button again.")
    return _done(request, text % {"n": released.not_sent})


@may(Verb.SWITCH_CHANNEL)
@require_POST
def try_now(request: StaffRequest, kind: str) -> HttpResponse:
    """Let one survey try whether the provider is back, without waiting."""
    label = _label(kind)
    tried = holds.try_now(kind)
    text = _("%(what)s: one survey is sent now to try.") if tried else _("%(what)s: the provider is back.")
    return _done(request, text % {"what": label})


@may(Verb.RESEND)
@require_POST
def resend(request: StaffRequest) -> HttpResponse:
    """How many of those whose surveys failed would be asked again."""
    since, channel = _failed_in(request)
    return _show_resend(request, resending.dry_run(since=since, channel=channel))


@may(Verb.RESEND)
@require_POST
def run_resend(request: StaffRequest) -> HttpResponse:
    """Ask them again, as many as there is time for, and show what is left."""
    since, channel = _failed_in(request)
    done = resending.run(since=since, channel=channel, by=roles.actor_of(request.user))
    text = _resent_in_words(done)
    if not request.htmx:
        messages.success(request, text)
    return _show_resend(request, resending.dry_run(since=since, channel=channel), resent=text)


def _label(kind: str | None) -> str:
    """Http404 for a channel that is never surveyed."""
    return _("All sending") if kind is None else str(csat_page.channel_row(kind).label)


def _done(request: StaffRequest, text: str) -> HttpResponse:
    """Everything typed stays: htmx gets only what tells how sending stands."""
    if request.htmx:
        response = render(request, "settings/_sending.html", csat_page.sending_context())
        return trigger_client_event(response, "toast", {"text": text})
    messages.success(request, text)
    return csat.show(request, csat.form_of(request))


def _failed_in(request: StaffRequest) -> tuple[datetime, str | None]:
    """The period and the channel that were chosen."""
    chosen = request.POST.get("resend_days", "")
    days = int(chosen) if chosen in map(str, PERIODS) else max(PERIODS)
    channel = request.POST.get("resend_channel", "")
    return timezone.now() - timedelta(days=days), channel if channel in SURVEYED else None


def _resent_in_words(done: Resend) -> str:
    asked = ngettext("%(n)d customer is asked again.", "%(n)d customers are asked again.", done.asked)
    text = asked % {"n": done.asked}
    if done.left:
        left = ngettext(
            "%(n)d survey is left: press the button again.",
            "%(n)d surveys are left: press the button again.",
            done.left,
        )
        text = f"{text} {left % {'n': done.left}}"
    return text


def _show_resend(request: StaffRequest, failed: Resend, *, resent: str = "") -> HttpResponse:
    not_asked = [(resending.not_asked_label(reason), n) for reason, n in failed.not_asked.items()]
    shown: JsonObject = {"failed": failed, "not_asked": not_asked, "resent": resent}
    if request.htmx:
        return render(request, "settings/_resend.html", shown)
    for name in ("resend_days", "resend_channel"):
        shown[name] = request.POST.get(name)
    return csat.show(request, csat.form_of(request), **shown)
