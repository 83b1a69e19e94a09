"""The Web Chat card: its loader, the state a host page polls, and the framed card itself."""

import hashlib
from dataclasses import dataclass
from functools import cache, cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from csat.channels.faces import BY_SCORE
from csat.lib.tokens import digest
from csat.surveys import answering, links, showing, speaking
from csat.surveys.models import Answer, CsatSettings, Link, Source, Survey
from csat.surveys.showing import CardState
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web.customer import limits, link_errors, rating_words
from csat.web.customer.framing import framed, shared
from csat.web.customer.rating_form import Submission
from csat.web.public import public, render

PER_TOKEN, PER_ADDRESS = 30, 600  # posts a minute
LOADER = settings.BASE_DIR / "static" / "js" / "widget.js"


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """Kept for an hour: host pages name it without a version."""
    text, etag = _loader()
    headers = {"Cache-Control": "public, max-age=3600", "ETag": etag, "Access-Control-Allow-Origin": "*"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)


@public
@shared
@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """What the host page polls: as cheap as it can be, and 304 while nothing changes."""
    found = showing.state_behind(token)
    if found is None:
        return JsonResponse({"state": "unknown"}, status=404)
    headers = {"ETag": f'"{found.version}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    return JsonResponse({"state": found.state, "request": found.request, "survey_id": found.survey_id}, headers=headers)


@framed
@public
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST" and (seconds := _waiting(request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.WIDGET)
    if link is None or link.session is None:
        return link_errors.unknown(request)
    now, rules = showing.card_state(link.session), CsatSettings.current()
    if not now.visible:
        return link_errors.gone("withdrawn", language=speaking.language_of(link.session, rules), rules=rules)
    page = Card(request, token, Survey.objects.select_related("session__contact").get(session=link.session), rules, now)
    return _take(page) if request.method == "POST" else _show(page)


@public
@require_POST
def shown(request: HttpRequest, token: str) -> HttpResponse:
    """The customer has the card before them. `first` when nobody knew yet."""
    if seconds := limits.wait("card-shown", digest(token), per_minute=PER_TOKEN):
        return JsonResponse({"first": False}, status=429, headers={"Retry-After": str(seconds)})
    link = links.find(token, Link.Purpose.WIDGET)
    survey = Survey.objects.filter(session=link.session).first() if link else None
    if survey is None:
        return JsonResponse({"first": False}, status=404)
    return JsonResponse({"first": showing.shown(survey)})


@dataclass
class Card:
    """One request at one session's card."""

    request: HttpRequest
    token: str
    survey: Survey
    rules: CsatSettings
    now: CardState

    @cached_property
    def language(self) -> str:
        return speaking.choose([self.request.GET.get("lang", "")], self.rules, fallback=self.survey.language)

    @property
    def here(self) -> str:
        return self.address()

    def address(self, **query: object) -> str:
        if "lang" in self.request.GET:
            query = {"lang": self.language, **query}
        return self.request.path + (f"?{urlencode(query)}" if query else "")

    @cached_property
    def answer(self) -> Answer | None:
        """The rating that stands."""
        return Answer.objects.filter(standing__survey=self.survey).first()


def _show(page: Card) -> HttpResponse:
    before = page.answer
    if before and page.now.state == "answered" and "change" not in page.request.GET:
        return _ask_why(page, before) if answering.awaits_comment(before) else _thank(page, before)
    said = Submission(score=page.now.score, comment=page.now.comment, about=before.about if before else None)
    return _page(page, "widget/form.html", said=said)


def _take(page: Card) -> HttpResponse:
    said = Submission.read(page.request.POST)
    if said.step == "comment":
        return _take_comment(page, said)
    if said.errors or said.score is None:
        return _page(page, "widget/form.html", said=said, status=422)
    contact = page.survey.session.contact
    answering.answer(
        page.survey, score=said.score, source=Source.CARD, comment=said.comment, about=said.about, hold=not said.comment,
        by=Actor(ActorKind.CONTACT, str(contact.uuid), contact.name),
    )  # fmt: skip
    return _see(page.here)


def _take_comment(page: Card, said: Submission) -> HttpResponse:
    """The second step of a low score: a comment, or none. The rating itself is saved already."""
    answer = page.survey.answers.filter(uuid=said.answer, state=Answer.State.ACCEPTED).first() if said.answer else None
    if answer is None:
        return _see(page.here)
    if said.errors:
        return _ask_why(page, answer, said=said, status=422)
    if said.comment or said.about:
        answering.add_comment(answer, comment=said.comment, about=said.about)
    answering.finish(answer)
    return _see(page.here)


def _ask_why(page: Card, answer: Answer, *, said: Submission | None = None, status: int = 200) -> HttpResponse:
    said = said or Submission(score=answer.score, comment=answer.comment, about=answer.about)
    return _page(page, "widget/why.html", said=said, answer=answer, face=BY_SCORE[answer.score], status=status)


def _thank(page: Card, answer: Answer) -> HttpResponse:
    return _page(page, "widget/thanks.html", face=BY_SCORE[answer.score], answer=answer, change=page.address(change=1))


def _page(page: Card, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    words = rating_words.of(page.survey, page.rules, language=page.language)
    return render(template, language=page.language, rules=page.rules, status=status, visit=page, words=words, **context)


def _see(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _waiting(request: HttpRequest, token: str) -> int:
    return limits.wait("card", digest(token), per_minute=PER_TOKEN) or limits.wait(
        "card-from", limits.address(request), per_minute=PER_ADDRESS
    )


@cache
def _loader() -> tuple[str, str]:
    text = LOADER.read_text()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
