"""The sandbox's outbox: each message as the customer would get it. Agents and team leads see those of
conversations whose rating they may see, with links that lead nowhere; managers see all, with working links.
"""

from html import unescape
from uuid import UUID

from django.db.models import CharField, Func, QuerySet, Transform, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Replace
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_GET
from django.views.decorators.vary import vary_on_headers

from csat.channels import segments
from csat.channels.outbox import SandboxMessage
from csat.channels.rendering import rate_link
from csat.lib.text import as_uuid
from csat.people import letters_of_access
from csat.people.permissions import Verb, role_may
from csat.scale import FACES
from csat.sessions.models import Session
from csat.surveys import kept_links
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.surveys.visibility import visibility_for
from csat.web import paging
from csat.web.access import StaffRequest, may
from csat.web.mail_frame import mail_frame
from csat.web.personal_data import keep_read
from csat.web.replica import from_replica
from csat.workflows.models import Step

SHOWN_OF_DELIVERY = ("survey__session__contact", "survey__session__brand")
SHOWN_OF_STEP = ("run__session__contact", "run__session__brand")


@may(Verb.READ_OUTBOX)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    messages = _visible(request).defer("html", "data")
    shown = paging.page(messages, by="created_at", cursor=request.GET.get("before", ""))
    inert = _inert(request)
    for message in shown.rows if inert else ():
        message.text = kept_links.show(message.text)
    version = str(shown.rows[0].pk if shown.rows else 0)
    if request.GET.get("v") == version:
        return HttpResponse(status=204)
    context = {"page": shown, "rows": shown.rows, "version": version, "inert": inert}
    return render(request, "outbox/_rows.html" if request.htmx else "outbox/page.html", context)


@may(Verb.READ_OUTBOX)
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    message = _get(request, uuid)
    link = str(message.data.get("link") or "")
    sections = [
        block for block in message.data.get("blocks", []) if block.get("type") == "section"
    ]  # Slack's
    session, settings = _session_of(message), CsatSettings.current()
    context = {
        "message": message,
        "session": session,
        "sender": (settings.brand_of(session) if session else settings.brand).name,
        "templates": [f"outbox/_{message.medium}.html", "outbox/_text.html"],  # the first there is
        "link": link,
        "segments": segments.count(message.text),
        "intro": unescape(sections[0]["text"]["text"]) if sections else message.text,
        "faces": [(f"{face.emoji} {face.label}", rate_link(link, face.score)) for face in FACES],
    }
    keep_read(request, message)
    return render(request, "outbox/one.html", context)


@may(Verb.READ_OUTBOX)
@require_GET
@mail_frame
def mail(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """The email itself, for the frame. Its links open in a new tab."""
    message = _get(request, uuid)
    if not message.html:
        raise Http404
    keep_read(request, message)
    page = message.html.replace("<head>", '<head><base target="_blank">', 1)
    return HttpResponse(mark_safe(page))  # noqa: S308 (shown in a frame without scripts)


def _visible(request: StaffRequest) -> QuerySet[SandboxMessage]:
    """Notices to colleagues, which belong to no survey, may quote any comment: they are for managers."""
    messages = letters_of_access.readable(SandboxMessage.objects.all(), by=request.user)
    visibility = visibility_for(request.user)
    if not _inert(request) and visibility.teams is None:
        return messages
    messages = messages.annotate(of_survey=_hex(KeyTextTransform("survey_id", "data")))
    messages = messages.filter(of_survey__gt="")
    visible = visibility.sessions("session__")
    if not visible:
        return messages
    surveys = Survey.objects.filter(visible)
    ids = surveys.annotate(id_hex=_hex(Cast("uuid", CharField()))).values("id_hex")
    return messages.filter(of_survey__in=ids)


def _inert(request: StaffRequest) -> bool:
    """Whether this person's links lead nowhere."""
    return not role_may(request.role, Verb.SEE_WORKING_LINKS)


def _hex(uuid: Func | Transform) -> Replace:
    """Databases write UUIDs with dashes or without."""
    return Replace(uuid, Value("-"), Value(""), output_field=CharField())


def _get(request: StaffRequest, uuid: UUID) -> SandboxMessage:
    message = get_object_or_404(_visible(request), uuid=uuid)
    if _inert(request):
        message.text, message.html = map(kept_links.show, (message.text, message.html))
        message.data = kept_links.show(message.data)
    return message


def _session_of(message: SandboxMessage) -> Session | None:
    """The conversation that the survey is about, or in which a workflow wrote; a test message has none."""
    reference = as_uuid(message.reference)
    if reference is None:
        return None
    delivery = Delivery.objects.filter(uuid=reference).select_related(*SHOWN_OF_DELIVERY).first()
    if delivery:
        return delivery.survey.session
    step = Step.objects.filter(uuid=reference).select_related(*SHOWN_OF_STEP).first()
    return step.run.session if step else None
