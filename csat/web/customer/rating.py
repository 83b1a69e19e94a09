"""The rating page: opening it writes nothing, and only a person's post counts."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from csat.channels.faces import BY_SCORE
from csat.surveys import answering, links
from csat.surveys.models import Answer, CsatSettings, Link, Source
from csat.web.customer import limits, link_errors, nonces, rating_words, visiting
from csat.web.customer.rating_form import Submission, chosen
from csat.web.customer.visiting import Visit
from csat.web.public import public, render

FAMILIES = ("Edg", "OPR", "Firefox", "Chrome", "Safari")


class PageVisit(Visit):
    """A visit of the rating page, whose posts carry a nonce."""

    @property
    def nonce(self) -> str:
        """The posted one when it is ours, so that one page view stays one; otherwise a new one."""
        posted = self.request.POST.get("nonce", "")
        return posted if nonces.view_of(posted, self.token) else nonces.make(self.token)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    if token == links.EXAMPLE:
        return link_errors.example(request)
    if request.method == "POST" and (seconds := limits.posts("rate", request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.RATE)
    if link is None or link.survey is None:
        return link_errors.unknown(request)
    visit = PageVisit(request, token, link.survey, CsatSettings.current())
    standing = links.standing(visit.survey)
    if standing in ("expired", "withdrawn"):
        return link_errors.gone(standing, language=visit.language, rules=visit.rules)
    return _take(visit) if request.method == "POST" else _show(visit, answered=standing == "answered")


def _show(visit: PageVisit, *, answered: bool) -> HttpResponse:
    query = visit.request.GET
    preselected = chosen(query.get("score", ""))
    if answered and visit.answer and preselected is None and "change" not in query:
        return _ask_why(visit, visit.answer) if answering.awaits_comment(visit.answer) else _thank(visit, visit.answer.score)
    if not answered and (sent := chosen(query.get("sent", ""))):
        return _thank(visit, sent)
    before = visit.answer if answered else None
    said = Submission(score=preselected, comment=before.comment if before else "", about=before.about if before else None)
    said.score = preselected or (before.score if before else None)
    return _form(visit, said)


def _take(visit: PageVisit) -> HttpResponse:
    said = Submission.read(visit.request.POST)
    if said.step == "comment":
        return _take_comment(visit, said)
    if said.step == "edit" or said.errors:
        return _form(visit, said, status=422 if said.errors else 200)
    assert said.score is not None
    if doubt := _doubt(visit, said):
        _answer(visit, said, quarantine=doubt)
        return visiting.see(visit.address(sent=said.score))
    if not (said.gesture or said.confirmed):
        return _confirm(visit, said)
    _answer(visit, said)
    return visiting.see(visit.here)


def _doubt(visit: PageVisit, said: Submission) -> str:
    """Why this post is not believed to come from the page; empty when it is."""
    if said.honeypot:
        return "honeypot"
    if not said.nonce:
        return "no_nonce"
    return "" if nonces.view_of(said.nonce, visit.token) else "bad_nonce"


def _answer(visit: PageVisit, said: Submission, *, quarantine: str = "") -> Answer:
    assert said.score is not None
    return answering.answer(
        visit.survey,
        score=said.score,
        source=Source.PAGE,
        comment=said.comment,
        about=said.about,
        provenance={
            "view": nonces.view_of(said.nonce, visit.token) or "",
            "gesture": said.gesture,
            "confirmed": said.confirmed,
            "browser": _family(visit.request.headers.get("User-Agent", "")),
        },
        quarantine=quarantine,
        hold=said.is_low and not said.comment and not quarantine,
        by=visit.by,
    )


def _take_comment(visit: PageVisit, said: Submission) -> HttpResponse:
    answer = visit.commented(said)
    if answer is None or _doubt(visit, said):
        return visiting.see(visit.here)
    if said.errors:
        return _ask_why(visit, answer, said=said, status=422)
    visiting.finish(answer, said)
    return visiting.see(visit.here)


def _form(visit: PageVisit, said: Submission, *, status: int = 200) -> HttpResponse:
    return _page(visit, "rating/form.html", said=said, status=status)


def _confirm(visit: PageVisit, said: Submission) -> HttpResponse:
    return _page(visit, "rating/confirm.html", said=said, face=BY_SCORE[said.score or 0], confirmation=said.confirmation())


def _ask_why(visit: PageVisit, answer: Answer, *, said: Submission | None = None, status: int = 200) -> HttpResponse:
    said = said or Submission(score=answer.score, comment=answer.comment, about=answer.about)
    return _page(visit, "rating/why.html", said=said, answer=answer, face=BY_SCORE[answer.score], status=status)


def _thank(visit: PageVisit, score: int) -> HttpResponse:
    return _page(visit, "rating/thanks.html", face=BY_SCORE[score], answer=visit.answer, change=visit.address(change=1))


def _page(visit: PageVisit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    words = rating_words.of(visit.survey, visit.rules, language=visit.language)
    return render(
        template, language=visit.language, rules=visit.rules, status=status, visit=visit, words=words,
        stop=links.unsubscribe_url(visit.survey.session.contact), **context,
    )  # fmt: skip


def _family(agent: str) -> str:
    return next((name for name in FAMILIES if name in agent), "other")
