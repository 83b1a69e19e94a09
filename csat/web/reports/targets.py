"""The targets of the organisation, its teams and its channels, for managers."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from csat.channels.kinds import SURVEYED
from csat.lib.refusal import Invalid
from csat.people.models import Team
from csat.people.permissions import Verb
from csat.reports import targets
from csat.reports.models import Target
from csat.web.access import StaffRequest, may

MAX_TEAMS = 300


@dataclass
class Line:
    """One thing that may have a target; `value` as it is typed."""

    name: str  # of the input
    label: str
    of: dict[str, Any]
    value: str
    errors: list[str]


@may(Verb.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    parts = _parts()
    lines = [line for _title, part in parts for line in part]
    if request.method == "POST":
        with transaction.atomic():
            for line in lines:
                line.value = request.POST.get(line.name, "").strip()
                _save(line, request)
            failed = any(line.errors for line in lines)
            transaction.set_rollback(failed)
        if not failed:
            messages.success(request, _("Targets saved."))
            return redirect("targets")
    status = 422 if any(line.errors for line in lines) else 200
    return render(request, "reports/targets.html", {"parts": parts}, status=status)


def _parts() -> list[tuple[str, list[Line]]]:
    known = {(row.team_id, row.channel): str(row.percent) for row in Target.objects.all()}
    everything = Line("percent", _("All surveys"), {}, known.get((None, ""), ""), [])
    teams = [
        Line(f"team-{team.pk}", team.name, {"team": team}, known.get((team.pk, ""), ""), [])
        for team in Team.objects.all()[:MAX_TEAMS]
    ]
    channels = [
        Line(f"channel-{kind}", str(kind.label), {"channel": str(kind)}, known.get((None, str(kind)), ""), [])
        for kind in SURVEYED
    ]
    return [(_("Organisation"), [everything]), (_("Teams"), teams), (_("Channels"), channels)]


def _save(line: Line, request: StaffRequest) -> None:
    """Empty takes the target away; what is no number is refused as 0 is."""
    percent = int(line.value) if line.value.isdecimal() and len(line.value) < 4 else 0
    try:
        targets.set_target(percent=percent if line.value else None, by=request.user, **line.of)
    except Invalid as invalid:
        line.errors = invalid.fields.get("percent", [invalid.message])
