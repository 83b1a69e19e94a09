"""The Web Chat card: its loader, the state a host page polls, and the framed card itself."""

import hashlib
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from csat.scale import BY_SCORE
from csat.surveys import links
from csat.surveys.answers import answering, comment_wait, widget_card
from csat.surveys.answers.widget_card import CardState
from csat.surveys.choices import Source
from csat.surveys.delivery import message
from csat.surveys.models import Answer, CsatSettings, Link, Survey
from csat.web import rate_limits
from csat.web.customer import link_errors, thanks
from csat.web.customer.cross_origin import cors, frameable
from csat.web.customer.rating import page_words
from csat.web.customer.survey_visit import Submission, Visit, save_comment
from csat.web.public_page import public, redirect_after_post, render

VISITED = ("session__contact", "session__brand")
LOADER = settings.BASE_DIR / "static" / "js" / "widget.js"


@require_safe
def loader(request: HttpRequest) -> HttpResponse:
    """Cached for an hour only, because host pages name it without a version."""
    text, etag = _loader()
    headers = {"Cache-Control": "public, max-age=3600", "ETag": etag, "Access-Control-Allow-Origin": "*"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    return HttpResponse(text, content_type="text/javascript; charset=utf-8", headers=headers)


@public
@cors
@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """What the host page polls: 304 while nothing changes."""
    card = widget_card.card_state_by_token(token)
    if card is None:
        return JsonResponse({"state": "unknown"}, status=404)
    headers = {"ETag": f'"{card.version}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return HttpResponseNotModified(headers=headers)
    body = {"state": card.state, "request": card.request, "survey_id": card.survey_id}
    return JsonResponse(body, headers=headers)


@frameable
@public
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST" and (seconds := rate_limits.check_post("card", request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.WIDGET)
    if link is None or link.session is None:
        return link_errors.unknown(request)
    card_state = widget_card.card_state(link.session)
    if not card_state.visible:
        settings = CsatSettings.current()
        language = message.language_for(link.session, settings)
        return link_errors.gone("withdrawn", language=language, brand=settings.brand_of(link.session))
    survey = Survey.objects.select_related(*VISITED).get(session=link.session)
    visit = CardVisit(request, token, survey, card_state)
    return _submit(visit) if request.method == "POST" else _show(visit)


@public
@require_POST
def shown(request: HttpRequest, token: str) -> HttpResponse:
    """The customer sees the card. `first`: for the first time."""
    if seconds := rate_limits.check_post("card-shown", request, token):
        return JsonResponse({"first": False}, status=429, headers={"Retry-After": str(seconds)})
    link = links.find(token, Link.Purpose.WIDGET)
    survey = Survey.objects.filter(session=link.session).first() if link else None
    if survey is None:
        return JsonResponse({"first": False}, status=404)
    return JsonResponse({"first": widget_card.mark_shown(survey)})


@dataclass
class CardVisit(Visit):
    """A visit of the card, with the state that the host page polls."""

    card: CardState


def _show(visit: CardVisit) -> HttpResponse:
    answer = visit.answer
    if answer and visit.card.state == "answered" and "change" not in visit.request.GET:
        if comment_wait.awaits_comment(answer):
            return _ask_why(visit, answer)
        face, change = BY_SCORE[answer.score], visit.address(change=1)
        happened = thanks.of(visit)
        return _page(visit, "widget/thanks.html", face=face, answer=answer, change=change, happened=happened)
    about = answer.about if answer else None
    submission = Submission(score=visit.card.score, comment=visit.card.comment, about=about)
    return _page(visit, "widget/form.html", submission=submission)


def _submit(visit: CardVisit) -> HttpResponse:
    submission = Submission.parse(visit.request.POST)
    if submission.step == "comment":
        return _submit_comment(visit, submission)
    if submission.step == thanks.REOPEN:
        if visit.answer and not visit.staff_member:
            thanks.act(visit, thanks.REOPEN)
        return redirect_after_post(visit.here)
    if submission.errors or submission.score is None:
        return _page(visit, "widget/form.html", submission=submission, status=422)
    widget_card.mark_shown(visit.survey)  # whatever the host page told: who answers was shown
    answering.answer(
        visit.survey,
        score=submission.score,
        source=Source.CARD,
        comment=submission.comment,
        about=submission.about,
        provenance=visit.staff_mark,
        await_comment=True,
        by=visit.customer,
    )
    return redirect_after_post(visit.here)


def _submit_comment(visit: CardVisit, submission: Submission) -> HttpResponse:
    answer = visit.answer_to_comment(submission)
    if answer and submission.errors:
        return _ask_why(visit, answer, submission=submission)
    if answer:
        save_comment(answer, submission)
    return redirect_after_post(visit.here)


def _ask_why(visit: CardVisit, answer: Answer, *, submission: Submission | None = None) -> HttpResponse:
    return _page(
        visit,
        "widget/why.html",
        submission=submission or Submission.from_answer(answer),
        answer=answer,
        face=BY_SCORE[answer.score],
        status=422 if submission else 200,
    )


def _page(visit: CardVisit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    context |= {"visit": visit, "words": page_words(visit)}
    return render(template, language=visit.language, brand=visit.brand, status=status, **context)


@cache
def _loader() -> tuple[str, str]:
    """The script and its ETag."""
    text = LOADER.read_text()
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
