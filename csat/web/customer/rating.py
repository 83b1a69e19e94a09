"""The rating page: opening it writes nothing, and only a person's post counts."""

from dataclasses import dataclass
from functools import cache, cached_property

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from csat.lib.languages import normalize
from csat.lib.text import as_uuid, greetable
from csat.lib.types import JsonObject
from csat.scale import BY_SCORE, FACES, Face
from csat.surveys import links
from csat.surveys.answers import answering, comment_wait
from csat.surveys.choices import About, QuarantineReason, Source
from csat.surveys.delivery.message import intro
from csat.surveys.models import Answer, Link
from csat.web import rate_limits
from csat.web.customer import link_errors, survey_visit, thanks
from csat.web.customer.survey_visit import Submission, Visit, page_view_of, parse_score
from csat.web.public_page import public, redirect_after_post, render

BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")  # the first one named in a User-Agent


@dataclass
class PageVisit(Visit):
    """A visit of the rating page, whose posts carry a nonce.

    By a link that staff copied it shows no answer but the one just given, whose address nobody else knows.
    """

    link: Link

    @property
    def by_copy(self) -> bool:
        return self.link.purpose == Link.Purpose.COPY

    @property
    def status(self) -> str:
        if self.by_copy:
            return links.status_of_copy(self.link, self.survey)
        return links.status_of(self.survey)

    @property
    def staff_words(self) -> str:
        if self.by_copy:
            return _("You are logged in as one of the team: what you send from here does not count.")
        return super().staff_words

    @property
    def provenance(self) -> JsonObject:
        if not self.by_copy:
            return self.staff_mark
        by = self.link.handed_out_by
        copied = {"handed_out_by": by.get_username() if by else "", "link": str(self.link.uuid)}
        return copied | self.staff_mark

    @cached_property
    def answer(self) -> Answer | None:
        if not self.by_copy:
            return super().answer
        if "change" in self.request.GET or not (uuid := as_uuid(self.request.GET.get("answer"))):
            return None
        given = self.survey.answers.filter(uuid=uuid, provenance__link=str(self.link.uuid))
        return given.filter(state=Answer.State.ACCEPTED, standing__isnull=False).first()

    def answer_to_comment(self, submission: Submission) -> Answer | None:
        answer = super().answer_to_comment(submission)
        is_other = self.by_copy and answer and answer.provenance.get("link") != str(self.link.uuid)
        return None if is_other else answer

    def after(self, answer: Answer | None, score: int) -> str:
        """The address to go to after a post."""
        if answer is None or answer.state == Answer.State.QUARANTINED:
            return self.address(sent=score)  # which is not told
        return self.address(sent=score, answer=answer.uuid) if self.by_copy else self.here

    @property
    def nonce(self) -> str:
        """The posted one when it is ours, so that one page view stays one; otherwise a new one."""
        nonce = self.request.POST.get("nonce", "")
        return nonce if page_view_of(nonce, self.token) else survey_visit.make_nonce(self.token)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def rate(request: HttpRequest, token: str) -> HttpResponse:
    if token == links.EXAMPLE:
        return link_errors.example(request)
    if request.method == "POST" and (seconds := rate_limits.check_post("rate", request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, *links.RATING_PAGE)
    if link is None or link.survey is None:
        return link_errors.unknown(request)
    visit = PageVisit(request, token, link.survey, link)
    status = visit.status
    if status in ("expired", "withdrawn"):
        return link_errors.gone(status, language=visit.language, brand=visit.brand)
    answered = status == "answered" or (visit.by_copy and visit.answer is not None)
    return _submit(visit) if request.method == "POST" else _show(visit, answered=answered)


def _show(visit: PageVisit, *, answered: bool) -> HttpResponse:
    query = visit.request.GET
    answer = visit.answer if answered else None
    preselected = parse_score(query.get("score", ""))
    if answer and preselected is None and "change" not in query:
        return _ask_why(visit, answer) if comment_wait.awaits_comment(answer) else _thank(visit, answer.score)
    if not answered and (sent := parse_score(query.get("sent", ""))):  # quarantined, which is not shown
        return _thank(visit, sent)
    submission = Submission.from_answer(answer) if answer else Submission()
    submission.score = preselected or submission.score
    return _page(visit, "rating/form.html", submission=submission)


def _submit(visit: PageVisit) -> HttpResponse:
    submission = Submission.parse(visit.request.POST)
    if submission.step == "comment":
        return _submit_comment(visit, submission)
    if submission.step in thanks.STEPS:
        return _submit_afterwards(visit, submission)
    if submission.step == "edit" or submission.score is None or submission.errors:
        status = 422 if submission.errors else 200
        return _page(visit, "rating/form.html", submission=submission, status=status)
    if quarantine := _quarantine_reason(visit, submission):
        answer = _record(visit, submission, submission.score, quarantine=quarantine)
        return redirect_after_post(visit.after(answer, submission.score))
    if not (submission.gesture or submission.confirmed):
        face = BY_SCORE[submission.score]
        return _page(visit, "rating/confirm.html", submission=submission, face=face)
    answer = _record(visit, submission, submission.score)
    return redirect_after_post(visit.after(answer, submission.score))


def _quarantine_reason(visit: PageVisit, submission: Submission) -> QuarantineReason | None:
    """Why this post is not believed to be the customer's, from the page; None when it is."""
    if submission.honeypot:
        return QuarantineReason.HONEYPOT
    if not submission.nonce:
        return QuarantineReason.NO_NONCE
    if not page_view_of(submission.nonce, visit.token):
        return QuarantineReason.BAD_NONCE
    return QuarantineReason.STAFF_BROWSER if visit.by_copy and visit.staff_member else None


def _record(
    visit: PageVisit, submission: Submission, score: int, *, quarantine: QuarantineReason | None = None
) -> Answer:
    user_agent = visit.request.headers.get("User-Agent", "")
    return answering.answer(
        visit.survey,
        score=score,
        source=Source.PAGE,
        comment=submission.comment,
        about=submission.about,
        provenance={
            "view": page_view_of(submission.nonce, visit.token) or "",
            "gesture": submission.gesture,
            "confirmed": submission.confirmed,
            "browser": next((name for name in BROWSERS if name in user_agent), "other"),
            **visit.provenance,
        },
        quarantine=quarantine,
        await_comment=True,
        by=visit.customer,
    )


def _submit_comment(visit: PageVisit, submission: Submission) -> HttpResponse:
    answer = visit.answer_to_comment(submission)
    if answer and not _quarantine_reason(visit, submission):
        if submission.errors:
            return _ask_why(visit, answer, submission=submission)
        survey_visit.save_comment(answer, submission)
    if visit.by_copy and answer:
        return redirect_after_post(visit.address(sent=answer.score))
    return redirect_after_post(visit.here)


def _submit_afterwards(visit: PageVisit, submission: Submission) -> HttpResponse:
    """A press on the thank-you page, by the customer's own link alone and in no browser of the team's."""
    if visit.by_copy or visit.staff_member or visit.answer is None or _quarantine_reason(visit, submission):
        return redirect_after_post(visit.here)
    if submission.step == thanks.WITHDRAW:
        return _page(visit, "rating/withdraw.html", answer=visit.answer)
    thanks.act(visit, submission.step)
    return redirect_after_post(visit.here)


def _ask_why(visit: PageVisit, answer: Answer, *, submission: Submission | None = None) -> HttpResponse:
    return _page(
        visit,
        "rating/why.html",
        submission=submission or Submission.from_answer(answer),
        answer=answer,
        face=BY_SCORE[answer.score],
        status=422 if submission else 200,
    )


def _thank(visit: PageVisit, score: int) -> HttpResponse:
    answer, change = (None, "") if visit.by_copy else (visit.answer, visit.address(change=1))
    happened = thanks.Thanks() if visit.by_copy else thanks.of(visit)
    return _page(
        visit, "rating/thanks.html", face=BY_SCORE[score], answer=answer, change=change, happened=happened
    )


def _page(visit: PageVisit, template: str, *, status: int = 200, **context: object) -> HttpResponse:
    context |= {"visit": visit, "words": page_words(visit)}
    return render(template, language=visit.language, brand=visit.brand, status=status, **context)


@dataclass(frozen=True)
class PageWords:
    question: str
    intro: str
    about: str  # which conversation
    faces: tuple[Face, ...]
    reasons: tuple[About, ...]  # "What was it about?"; empty when that is not asked
    languages: tuple[tuple[str, str], ...]  # code, its own name; empty when there is no choice


def page_words(visit: Visit) -> PageWords:
    """What page and card say about the conversation, in the visit's language."""
    survey, session, csat_settings = visit.survey, visit.survey.session, visit.settings
    agent = session.resolver or session.assignee
    agent_name = agent.name if agent else ""
    with translation.override(visit.language):
        resolved_at = timezone.localtime(session.resolved_at or session.created_at, session.contact.zone)
        date = formats.date_format(resolved_at.date(), "MONTH_DAY_FORMAT")
        return PageWords(
            question=_("How was your conversation with %(name)s?") % {"name": agent_name or visit.brand.name},
            intro=intro(
                visit.brand,
                language=visit.language,
                message=survey.message,
                contact_name=greetable(session.contact.name),
                agent_name=agent_name,
                ticket_number=session.pk,
            ),
            about=_("About your conversation on %(date)s, #%(number)s")
            % {"date": date, "number": session.pk},
            faces=FACES,
            reasons=tuple(About) if csat_settings.ask_about else (),
            languages=_languages_offered(*csat_settings.languages),
        )


@cache
def _languages_offered(*allowed: str) -> tuple[tuple[str, str], ...]:
    """Of the settings' languages; all where they name none."""
    names = dict(settings.LANGUAGES)
    codes = dict.fromkeys(normalize(code, "") for code in allowed or names)
    offered = tuple((code, names[code]) for code in codes if code)
    return offered if len(offered) > 1 else ()
