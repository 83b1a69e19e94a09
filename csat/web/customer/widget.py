"""The Web Chat card: its loader, the state a host page polls, and the framed card itself."""

import hashlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from csat.channels.faces import BY_SCORE
from csat.lib.tokens import digest
from csat.surveys import answering, links, showing, speaking
from csat.surveys.models import Answer, CsatSettings, Link, Source, Survey
from csat.surveys.showing import CardState
from csat.web.customer import limits, link_errors, rating_words, visiting
from csat.web.customer.framing import framed, shared
from csat.web.customer.rating_form import Submission
from csat.web.customer.visiting import Visit
from csat.web.public import public, render

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
    if request.method == "POST" and (seconds := limits.posts("card", request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.WIDGET)
    if link is None or link.session is None:
        return link_errors.unknown(request)
    now, rules = showing.card_state(link.session), CsatSettings.current()
    if not now.visible:
        return link_errors.gone("withdrawn", language=speaking.language_of(link.session, rules), rules=rules)
    visit = CardVisit(request, token, Survey.objects.select_related("session__contact").get(session=link.session), rules, now)
    return _take(visit) if request.method == "POST" else _show(visit)


@public
@require_POST
def shown(request: HttpRequest, token: str) -> HttpResponse:
    """The customer has the card before them. `first` when nobody knew yet."""
    if seconds := limits.wait("card-shown", digest(token), per_minute=limits.PER_TOKEN):
        return JsonResponse({"first": False}, status=429, headers={"Retry-After": str(seconds)})
    link = links.find(token, Link.Purpose.WIDGET)
    survey = Survey.objects.filter(session=link.session).first() if link else None
    if survey is None:
        return JsonResponse({"first": False}, status=404)
    return JsonResponse({"first": showing.shown(survey)})


@dataclass
class CardVisit(Visit):
    """A visit of the card, with the state the host page polls."""

    now: CardState


def _show(visit: CardVisit) -> HttpResponse:
    before = visit.answer
    if before and visit.now.state == "answered" and "change" not in visit.request.GET:
        return _ask_why(visit, before) if answering.awaits_comment(before) else _thank(visit, before)
    said = Submission(score=visit.now.score, comment=visit.now.comment, about=before.about if before else None)
    return _page(visit, "widget/form.html", said=said)


def _take(visit: CardVisit) -> HttpResponse:
    said = Submission.read(visit.request.POST)
    if said.step == "comment":
        return _take_comment(visit, said)
    if said.errors or said.score is None:
        return _page(visit, "widget/form.html", said=said, status=422)
    answering.answer(
        visit.survey, score=said.score, source=Source.CARD, comment=said.comment, about=said.about, hold=not said.comment,
        by=visit.by,
    )  # fmt: skip
    return visiting.see(visit.here)


def _take_comment(visit: CardVisit, said: Submission) -> HttpResponse:
    answer = visit.commented(said)
    if answer is None:
        return visiting.see(visit.here)
    if said.errors:
        return _ask_why(visit, answer, said=said, status=422)
    visiting.finish(answer, said)
    return visiting.see(visit.here)


def _ask_why(visit: CardVisit, answer: Answer, *, said: Submission | None = None, status: int = 200) -> HttpResponse:
    said = said or Submission(score=answer.score, comment=answer.comment, about=answer.about)
    return _page(visit, "widget/why.html", said=said, answer=answer, face=BY_SCORE[answer.score], status=status)


def _thank(visit: CardVisit, answer: Answer) -> HttpResponse:
    return _page(visit, "widget/thanks.html", face=BY_SCORE[answer.score], answer=answer, change=visit.address(change=1))


def _page(visit: CardVisit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    words = rating_words.of(visit.survey, visit.rules, language=visit.language)
    return render(template, language=visit.language, rules=visit.rules, status=status, visit=visit, words=words, **context)


@cache
def _loader() -> tuple[str, str]:
    text = LOADER.read_text()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
