"""The demo's host page: examples/ served under another name of this machine, so that anyone can try the card.

It stands for a customer's own site: page and script are what an integrator writes, and the actions stand for
what their server does by API.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.text import Truncator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from csat.people import agents, contacts, demo
from csat.people.models import Contact
from csat.sessions import activity, intake, resolving
from csat.sessions.models import Session
from csat.surveys import gates, links
from csat.surveys.choices import SurveyState
from csat.surveys.models import Link, Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web import rate_limits
from csat.web.customer.cross_origin import origins

FOLDER = settings.BASE_DIR / "examples"
FILES = {  # by name in the address
    "": ("chat.html", "text/html"),
    "chat.css": ("chat.css", "text/css"),
    "chat.js": ("chat.js", "text/javascript"),
}
SHOP = Actor(ActorKind.API, "", "Example shop")
A_MINUTE = 30  # actions by one address


def address() -> str:
    """Where WIDGET_ORIGINS names `localhost` on this site's port, as bin/run does; otherwise empty."""
    site = urlsplit(settings.SITE_URL)
    for origin in origins():
        host = urlsplit(origin)
        same_server = (host.scheme, host.port) == (site.scheme, site.port)
        if same_server and host.hostname == "localhost" != site.hostname:
            return f"{origin}/demo/chat/"
    return ""


@require_safe
def page(request: HttpRequest, name: str = "") -> HttpResponseBase:
    here = address()
    if not here or name not in FILES:
        raise Http404
    if request.get_host() != urlsplit(here).netloc:
        return HttpResponseRedirect(here + name)
    allow = csp_update(dict.fromkeys(["script-src", "connect-src", "frame-src"], settings.SITE_URL))
    return allow(lambda _request: _file(name))(request)


@csrf_exempt
@require_POST
def act(request: HttpRequest, act: str) -> HttpResponse:
    """start, say, resolve or reopen; the widget token names the conversation."""
    if not address():
        raise Http404
    if seconds := rate_limits.seconds_to_wait("toy-chat", rate_limits.network(request), per_minute=A_MINUTE):
        body = {"message": f"Please wait {seconds} seconds."}
        return JsonResponse(body, status=429, headers={"Retry-After": str(seconds)})
    session = _start() if act == "start" else _session_of(request.POST.get("token", ""))
    if act == "say":
        _say(session, Truncator(request.POST.get("text", "")).chars(1000))
    if act == "resolve":
        resolving.resolve(session, by=SHOP)
    if act == "reopen":
        resolving.reopen(session, by=SHOP)
    token, _expires_at = links.widget_token(session)
    return JsonResponse({"token": token, "number": session.pk, "note": _why_no_card(session)})


def _file(name: str) -> HttpResponseBase:
    file_name, content_type = FILES[name]
    text = (FOLDER / file_name).read_text().replace("https://csat.example.com", settings.SITE_URL)
    headers = {"Cache-Control": "no-cache"}
    return HttpResponse(text, content_type=f"{content_type}; charset=utf-8", headers=headers)


def _start() -> Session:
    visitor, sam = _visitor(), agents.find_or_create(**demo.SAM)
    session, _created = intake.start(
        contact=visitor, channel="web", assignee=sam, subject="Toy chat", by=SHOP
    )
    _say(session, "Hello! Where is my parcel?")
    reply = "Hi, this is Sam. It will be with you tomorrow."
    activity.add_message(session, sender="agent", text=reply, agent=sam, by=SHOP)
    return session


def _visitor() -> Contact:
    """One for all chats, behind the customers who are real in the story: lists begin with the newest."""
    visitor, is_new = contacts.find_or_create(**demo.VISITOR)
    if is_new and (first := Contact.objects.aggregate(at=Min("created_at"))["at"]):
        visitor.change(created_at=first - timedelta(seconds=1))
    return visitor


def _say(session: Session, text: str) -> None:
    customer = Actor(ActorKind.CONTACT, str(session.contact.uuid))
    activity.add_message(session, sender="contact", text=text, by=customer)


def _session_of(token: str) -> Session:
    link = links.find(token, Link.Purpose.WIDGET)
    if link is None or link.session is None:
        raise Http404
    return link.session


def _why_no_card(session: Session) -> str:
    """Empty when a card comes."""
    survey = Survey.objects.filter(session=session, state=SurveyState.SKIPPED).first()
    failed_gate = gates.deciding_gate(survey) if survey else None
    return f"No card will come: {failed_gate.text}. See Settings → CSAT." if failed_gate else ""
