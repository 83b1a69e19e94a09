"""Settings → System: how the installation does, in words, with a report to copy."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from csat.diagnosis import examination, report
from csat.diagnosis.findings import Area, Finding, Level, worst
from csat.people.permissions import Verb
from csat.web.access import StaffRequest, may

SECONDS = 8.0  # for whoever is asked over the network: a person waits


@may(Verb.READ_SYSTEM)
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    """GET reads rows and files only; POST asks the providers, DNS and SITE_URL, too."""
    asked = request.method == "POST"
    findings = examination.examine(ask=asked, seconds=SECONDS)
    shown = {
        "areas": _by_area(findings),
        "level": worst(findings),
        "wrong": sum(finding.level != Level.OK for finding in findings),
        "asked": asked,
        "report": report.as_text(findings),
    }
    return render(request, "settings/_system.html" if request.htmx else "settings/system.html", shown)


def _by_area(findings: list[Finding]) -> list[tuple[Area, Level, list[Finding]]]:
    """Each area that was examined, with its worst level; what is wrong comes first in it."""
    areas = []
    for area in Area:
        if found := [report.shown(finding) for finding in findings if finding.area == area]:
            found.sort(key=lambda finding: finding.level == Level.OK)
            areas.append((area, worst(found), found))
    return areas
