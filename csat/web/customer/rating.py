"""The rating page: opening it writes nothing, and only a person's post counts."""

from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from csat.channels.faces import BY_SCORE
from csat.lib.tokens import digest
from csat.surveys import answering, links, speaking
from csat.surveys.models import Answer, CsatSettings, Link, Source, Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web.customer import limits, link_errors, nonces, rating_words
from csat.web.customer.rating_form import Submission, chosen
from csat.web.public import public, render

PER_TOKEN, PER_ADDRESS = 30, 600  # posts a minute
FAMILIES = ("Edg", "OPR", "Firefox", "Chrome", "Safari")


@dataclass
class Visit:
    """One request at one survey's page."""

    request: HttpRequest
    token: str
    survey: Survey
    rules: CsatSettings

    @cached_property
    def language(self) -> str:
        return speaking.choose([self.request.GET.get("lang", "")], self.rules, fallback=self.survey.language)

    @property
    def here(self) -> str:
        """This page's address, with the language when the customer chose another."""
        return self.address()

    def address(self, **query: object) -> str:
        if "lang" in self.request.GET:
            query = {"lang": self.language, **query}
        return self.request.path + (f"?{urlencode(query)}" if query else "")

    @cached_property
    def answer(self) -> Answer | None:
        """The rating that stands."""
        return Answer.objects.filter(standing__survey=self.survey).first()

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
    if request.method == "POST" and (seconds := _waiting(request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.RATE)
    if link is None or link.survey is None:
        return link_errors.unknown(request)
    visit = Visit(request, token, link.survey, CsatSettings.current())
    standing = links.standing(visit.survey)
    if standing in ("expired", "withdrawn"):
        return link_errors.gone(standing, language=visit.language, rules=visit.rules)
    return _take(visit) if request.method == "POST" else _show(visit, answered=standing == "answered")


def _waiting(request: HttpRequest, token: str) -> int:
    return limits.wait("rate", digest(token), per_minute=PER_TOKEN) or limits.wait(
        "rate-from", limits.address(request), per_minute=PER_ADDRESS
    )


def _show(visit: Visit, *, answered: bool) -> HttpResponse:
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


def _take(visit: Visit) -> HttpResponse:
    said = Submission.read(visit.request.POST)
    if said.step == "comment":
        return _take_comment(visit, said)
    if said.step == "edit" or said.errors:
        return _form(visit, said, status=422 if said.errors else 200)
    assert said.score is not None
    if doubt := _doubt(visit, said):
        _answer(visit, said, quarantine=doubt)
        return _see(visit.address(sent=said.score))
    if not (said.gesture or said.confirmed):
        return _confirm(visit, said)
    _answer(visit, said)
    return _see(visit.here)


def _doubt(visit: Visit, said: Submission) -> str:
    """Why this post is not believed to come from the page; empty when it is."""
    if said.honeypot:
        return "honeypot"
    if not said.nonce:
        return "no_nonce"
    return "" if nonces.view_of(said.nonce, visit.token) else "bad_nonce"


def _answer(visit: Visit, said: Submission, *, quarantine: str = "") -> Answer:
    assert said.score is not None
    contact = visit.survey.session.contact
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
        by=Actor(ActorKind.CONTACT, str(contact.uuid), contact.name),
    )


def _take_comment(visit: Visit, said: Submission) -> HttpResponse:
    """The second step of a low score: a comment, or none. The rating itself is saved already."""
    answer = visit.survey.answers.filter(uuid=said.answer, state=Answer.State.ACCEPTED).first() if said.answer else None
    if answer is None or _doubt(visit, said):
        return _see(visit.here)
    if said.errors:
        return _ask_why(visit, answer, said=said, status=422)
    if said.comment or said.about:
        answering.add_comment(answer, comment=said.comment, about=said.about)
    answering.finish(answer)
    return _see(visit.here)


def _see(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response


def _form(visit: Visit, said: Submission, *, status: int = 200) -> HttpResponse:
    return _page(visit, "rating/form.html", said=said, status=status)


def _confirm(visit: Visit, said: Submission) -> HttpResponse:
    return _page(visit, "rating/confirm.html", said=said, face=BY_SCORE[said.score or 0], confirmation=said.confirmation())


def _ask_why(visit: Visit, answer: Answer, *, said: Submission | None = None, status: int = 200) -> HttpResponse:
    said = said or Submission(score=answer.score, comment=answer.comment, about=answer.about)
    return _page(visit, "rating/why.html", said=said, answer=answer, face=BY_SCORE[answer.score], status=status)


def _thank(visit: Visit, score: int) -> HttpResponse:
    return _page(visit, "rating/thanks.html", face=BY_SCORE[score], answer=visit.answer, change=visit.address(change=1))


def _page(visit: Visit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    words = rating_words.of(visit.survey, visit.rules, language=visit.language)
    return render(
        template, language=visit.language, rules=visit.rules, status=status, visit=visit, words=words,
        stop=links.unsubscribe_url(visit.survey.session.contact), **context,
    )  # fmt: skip


def _family(agent: str) -> str:
    return next((name for name in FAMILIES if name in agent), "other")
