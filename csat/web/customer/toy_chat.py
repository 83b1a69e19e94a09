"""The demo's host page: examples/ served under another name of this machine, so that anyone can see the card at work.

It plays the part of somebody's own site: page and script are what an integrator writes, the three acts what their server does by API.
"""

from pathlib import PurePath
from urllib.parse import urlsplit

from csp.decorators import csp_update
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.text import Truncator
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from csat.people import agents, contacts
from csat.sessions import conversing, intake, resolving
from csat.sessions.models import Session
from csat.surveys import explaining, links
from csat.surveys.models import Link, Survey
from csat.surveys.states import SurveyState
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web.customer import limits
from csat.web.customer.framing import origins

FOLDER = settings.BASE_DIR / "examples"
FILES = {"": ("chat.html", "text/html"), "chat.css": ("chat.css", "text/css"), "chat.js": ("chat.js", "text/javascript")}
SHOP = Actor(ActorKind.API, "", "Example shop")
A_MINUTE = 30  # starts by one address


def address() -> str:
    """Where the page is; empty unless WIDGET_ORIGINS names `localhost` on this site's own port, as bin/run sets it."""
    site = urlsplit(settings.SITE_URL)
    for origin in origins():
        host = urlsplit(origin)
        if host.hostname == "localhost" != site.hostname and (host.scheme, host.port) == (site.scheme, site.port):
            return f"{origin}/demo/chat/"
    return ""


@require_safe
def page(request: HttpRequest, name: str = "") -> HttpResponseBase:
    here = address()
    if not here or name not in FILES:
        raise Http404
    if request.get_host() != urlsplit(here).netloc:
        return HttpResponseRedirect(here + name)
    ours = settings.SITE_URL
    allow = csp_update({"script-src": ours, "connect-src": ours, "frame-src": ours})
    return allow(lambda _request: _file(name))(request)


@csrf_exempt
@require_POST
def act(request: HttpRequest, act: str) -> HttpResponse:
    """start, say, resolve or reopen; the widget token names the conversation."""
    if not address():
        raise Http404
    if seconds := limits.wait("toy-chat", limits.address(request), per_minute=A_MINUTE):
        return JsonResponse({"message": f"Please wait {seconds} seconds."}, status=429, headers={"Retry-After": str(seconds)})
    session = _start() if act == "start" else _found(request.POST.get("token", ""))
    if act == "say":
        said = Truncator(request.POST.get("text", "")).chars(1000)
        conversing.add_message(session, sender="contact", text=said, by=Actor(ActorKind.CONTACT, str(session.contact.uuid)))
    if act == "resolve":
        resolving.resolve(session, by=SHOP)
    if act == "reopen":
        resolving.reopen(session, by=SHOP)
    return JsonResponse({"token": links.widget_token(session)[0], "number": session.pk, "note": _note(session)})


def _file(name: str) -> HttpResponseBase:
    file, kind = FILES[name]
    text = (FOLDER / PurePath(file).name).read_text().replace("https://csat.example.com", settings.SITE_URL)
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers={"Cache-Control": "no-cache"})


def _start() -> Session:
    visitor, _made = contacts.find_or_create(name="Visitor of the demo")
    sam = agents.find_or_create(name="Sam")
    session, _made = intake.start(contact=visitor, channel="web", assignee=sam, subject="Toy chat", by=SHOP)
    conversing.add_message(session, sender="contact", text="Hello! Where is my parcel?", by=Actor(ActorKind.CONTACT, str(visitor.uuid)))
    conversing.add_message(session, sender="agent", text="Hi, this is Sam. It will be with you tomorrow.", agent=sam, by=SHOP)
    return session


def _found(token: str) -> Session:
    link = links.find(token, Link.Purpose.WIDGET)
    if link is None or link.session is None:
        raise Http404
    return link.session


def _note(session: Session) -> str:
    """Why no card will come, when none will."""
    survey = Survey.objects.filter(session=session, state=SurveyState.SKIPPED).first()
    no = explaining.decisive(survey) if survey else None
    return f"No card will come: {no.text}. See Settings → CSAT." if no else ""
