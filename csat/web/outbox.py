"""The sandbox's outbox: each message as the customer would see it, with working links."""

from html import unescape
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels import segments
from csat.channels.faces import FACES, rate_link
from csat.channels.kinds import Medium
from csat.channels.outbox import SandboxMessage
from csat.sessions.models import Session
from csat.surveys.models import Delivery
from csat.web import paging
from csat.web.access import StaffRequest, staff
from csat.web.mail_frame import mail_frame

LOOKS = {Medium.EMAIL, Medium.SMS, Medium.WHATSAPP, Medium.SLACK}


@staff
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    newest = SandboxMessage.objects.defer("html", "data")
    found = paging.page(newest, by="created_at", cursor=request.GET.get("before", ""))
    version = str(found.rows[0].pk if found.rows else 0)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)
    context = {"page": found, "rows": found.rows, "version": version}
    return render(request, "outbox/_rows.html" if request.htmx else "outbox/page.html", context)


@staff
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    message = get_object_or_404(SandboxMessage, uuid=uuid)
    look = message.medium if message.medium in LOOKS else Medium.SMS.value
    context: dict[str, Any] = {"message": message, "session": _about(message), "look": f"outbox/_{look}.html", "link": _link(message)}
    if message.medium == Medium.SMS:
        context["segments"] = segments.count(message.text)
    if message.medium == Medium.SLACK:
        context |= {
            "intro": _words(message),
            "faces": _faces(message),
        }
    return render(request, "outbox/one.html", context)


@staff
@require_GET
@mail_frame
def mail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """The mail itself, for the frame; its links open in a new tab."""
    message = get_object_or_404(SandboxMessage, uuid=uuid)
    if not message.html:
        raise Http404
    page = message.html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(mark_safe(page))  # noqa: S308 (the mail as it would go out: a frame without scripts shows it)


def _link(message: SandboxMessage) -> str:
    return str(message.data.get("link") or "")


def _words(message: SandboxMessage) -> str:
    """What the post says, without Slack's escapes."""
    blocks = [block for block in message.data.get("blocks", []) if block.get("type") == "section"]
    return unescape(blocks[0]["text"]["text"]) if blocks else message.text


def _faces(message: SandboxMessage) -> list[tuple[str, str]]:
    return [(f"{face.emoji} {face.label}", rate_link(_link(message), face.score)) for face in FACES]


def _about(message: SandboxMessage) -> Session | None:
    """The conversation it asks about; a test message has none."""
    try:
        reference = UUID(message.reference)
    except ValueError:
        return None
    delivery = Delivery.objects.filter(uuid=reference).select_related("survey__session__contact").first()
    return delivery.survey.session if delivery else None
