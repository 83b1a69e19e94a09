"""The checklist of the first days: four steps on the inbox of admins, each done when it is true."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import BooleanField, Exists, ExpressionWrapper, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from csat.channels import registry, status
from csat.channels.kinds import SURVEYED, Channel, Medium
from csat.channels.transports import sandbox
from csat.connectors.models import Connection
from csat.lib.refusal import Invalid, Refused
from csat.people import first_run, roles
from csat.people.audit_actions import AuditAction, stored_as
from csat.people.models import Invitation, Organization
from csat.people.permissions import Verb
from csat.sessions.models import Session
from csat.surveys.delivery.preview import send_test
from csat.surveys.models import ChannelSettings, CsatSettings, Survey
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.web.access import StaffRequest, may_each
from csat.workflows.models import Workflow

REGRETTED = timedelta(minutes=10)  # so long it is offered to bring it back
STEPS = ("survey", "conversation", "switch_on", "team")


@dataclass(frozen=True)
class ChannelChoice:
    kind: Channel
    checked: bool
    sandbox: bool


@dataclass(frozen=True)
class Checklist:
    done: dict[str, bool]  # by STEPS
    email: str  # of the reader
    auto_send: bool
    put_away: bool = False
    channels: list[ChannelChoice] = field(default_factory=list)
    refused: str = ""  # the step that could not be taken, and why
    why: str = ""

    @property
    def count(self) -> int:
        return sum(self.done.values())

    @property
    def is_complete(self) -> bool:
        return self.count == len(STEPS)

    @property
    def current(self) -> str:
        """The first step that is left."""
        return next((step for step in STEPS if not self.done[step]), "")


def for_reader(request: StaffRequest) -> Checklist | None:
    """None for whoever is no admin, and once it is done or was put away."""
    if request.role != roles.ADMIN:
        return None
    dismissed_at = Organization.current().checklist_dismissed_at
    if dismissed_at and dismissed_at < timezone.now() - REGRETTED:
        return None
    checklist = _current(request, put_away=dismissed_at is not None)
    return None if checklist.is_complete else checklist


VERBS = dict.fromkeys(
    ("survey", "switch-on", "switch-off", "put-away", "bring-back"), Verb.MANAGE_CONNECTIONS
)


@may_each(VERBS)
@require_POST
def act(request: StaffRequest, name: str) -> HttpResponse:
    """One step, one press."""
    try:
        text = _act(request, name)
    except Refused as refused:
        return _refused(request, name.replace("-", "_"), refused)
    if not request.htmx:
        if text:
            messages.success(request, text)
        return redirect("inbox")
    put_away = Organization.current().checklist_dismissed_at is not None
    response = render(request, "inbox/_checklist.html", {"checklist": _current(request, put_away=put_away)})
    return trigger_client_event(response, "toast", {"text": text}) if text else response


def _refused(request: StaffRequest, step: str, refused: Refused) -> HttpResponse:
    if not request.htmx:
        messages.error(request, refused.message)
        return redirect("inbox")
    checklist = _current(request, refused=step, why=refused.message)
    return render(request, "inbox/_checklist.html", {"checklist": checklist}, status=refused.status)


def _act(request: StaffRequest, name: str) -> str:
    """What to say of it."""
    by = roles.actor_of(request.user)
    match name:
        case "survey":
            if not request.user.email:
                raise Invalid(_("Your account has no email address, to which the survey could be sent."))
            receipt = send_test(Channel.EMAIL, to=request.user.email, by=by)
            if receipt.transport == sandbox.NAME:
                return _("The survey is in the Outbox: no provider is set up, so nothing leaves the server.")
            return _("Sent to %(to)s.") % {"to": request.user.email}
        case "switch-on":
            chosen = [kind for kind in SURVEYED if kind in request.POST.getlist("channel")]
            if not chosen:
                raise Invalid(_("Choose at least one channel."))
            settings.change(by=by, auto_send=True, channels=settings.toggles(chosen))
            return _("Switched on: who is resolved from now on is asked.")
        case "switch-off":
            settings.change(by=by, auto_send=False)
            return _("Switched off: nobody is asked automatically.")
        case "put-away":
            first_run.put_checklist_away(by=by)
        case _:
            first_run.bring_checklist_back(by=by)
    return ""


def _current(request: StaffRequest, *, put_away: bool = False, refused: str = "", why: str = "") -> Checklist:
    done = _steps_done(request.user)
    return Checklist(
        done,
        request.user.email,
        CsatSettings.current().auto_send,
        put_away,
        [] if done["switch_on"] else _channels(),
        refused,
        why,
    )


def _steps_done(reader: User) -> dict[str, bool]:
    """What is true, by one query."""
    tests = Event.objects.filter(kind=Kind.AUDIT, data__what__in=stored_as([AuditAction.TEST_MESSAGE_SENT]))
    asked, colleagues = Survey.objects.filter(requested_at__isnull=False), User.objects.filter(is_active=True)
    automatic = Q(Exists(CsatSettings.objects.filter(auto_send=True))) | Q(
        Exists(Workflow.objects.alive().filter(active__isnull=False))
    )
    truths = {
        "survey": Q(Exists(asked)) | Q(Exists(tests)),
        "conversation": Q(Exists(Session.objects.all())) | Q(Exists(Connection.objects.alive())),
        "switch_on": Q(Exists(ChannelSettings.objects.filter(enabled=True))) & automatic,
        "team": Q(Exists(colleagues.exclude(pk=reader.pk)))
        | Q(Exists(Invitation.objects.filter(revoked_at=None))),
    }
    columns = {name: ExpressionWrapper(truth, BooleanField()) for name, truth in truths.items()}
    return cast(dict[str, bool], Organization.objects.values(**columns).get(pk=1))


def _channels() -> list[ChannelChoice]:
    """Checked at first: what is on, else the card and email and whatever has a provider."""
    on = set(ChannelSettings.objects.filter(enabled=True).values_list("kind", flat=True))
    choices = []
    for kind in SURVEYED:
        channel = registry.get(kind)
        state = channel.status().state
        likely = channel.medium in (Medium.CARD, Medium.EMAIL) or state == status.CONNECTED
        checked = kind in on if on else likely
        choices.append(ChannelChoice(kind, checked, state == status.SANDBOX))
    return choices
