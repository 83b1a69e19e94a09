"""Hearing: answers that come back through a channel itself: a pressed face, a typed rating, a comment after it, a wish such as STOP."""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import wishes
from csat.channels.base import Update, What
from csat.channels.kinds import Medium
from csat.channels.replies import AskBack, Rating, read_rating
from csat.channels.reply_mails import read_mail, unsigned
from csat.lib.text import clean
from csat.people.models import Contact
from csat.sessions import conversing
from csat.surveys import answering, links, receipts, speaking, tracing
from csat.surveys.holding import hold
from csat.surveys.models import Answer, CsatSettings, Source, Survey
from csat.surveys.states import SurveyState
from csat.timeline.kinds import ActorKind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, Actor

log = structlog.get_logger(__name__)
SOURCE = {Medium.SLACK: Source.SLACK, Medium.SMS: Source.SMS, Medium.WHATSAPP: Source.WHATSAPP, Medium.EMAIL: Source.EMAIL}
JOINS = timedelta(minutes=30)  # how long a comment still belongs to the number before it
LONGEST_LEFT = 4000  # characters of a reply that are kept in the conversation


class Meant(StrEnum):
    RATED = "rated"
    REPEATED = "repeated"  # the same press or reply, told twice
    COMMENTED = "commented"
    COMMENTING = "commenting"  # is about to
    UNCLEAR = "unclear"  # about a rating, but not which: asked back
    SOMEBODY_ELSE = "somebody_else"  # pressed by another person in a shared channel
    STOPPED = "stopped"
    STARTED = "started"
    HELPED = "helped"
    LEFT = "left"  # not ours: it stays in the conversation


WISHES = {What.OPTED_OUT: Meant.STOPPED, What.OPTED_IN: Meant.STARTED, What.HELP: Meant.HELPED}


@dataclass(frozen=True)
class Heard:
    """What an update turned out to be, and how to answer it; `event_id` is the fact that tells it."""

    meant: Meant
    score: int = 0
    language: str = "en"
    event_id: int = 0


def hear(update: Update) -> Heard | None:
    """Take it as an answer or a wish where it is one; None for what is not about a survey at all."""
    act = {What.PRESSED: _pressed, What.ASKED_TO_COMMENT: _may_comment, What.COMMENTED: _commented, What.REPLIED: _replied}
    act |= dict.fromkeys(WISHES, _replied)
    return act[update.what](update) if update.what in act else None


@transaction.atomic
def _pressed(update: Update) -> Heard | None:
    survey = tracing.named(update)
    if survey is None or update.score is None or not _may_answer(survey):
        return None
    if update.user and _customer_user(survey) not in ("", update.user):
        return Heard(Meant.SOMEBODY_ELSE, language=survey.language)
    return _answer(survey, update, update.score)


def _may_comment(update: Update) -> Heard | None:
    survey = tracing.named(update)
    if survey is None or not _may_answer(survey):
        return None
    mine = _latest(survey, update, within=None)
    return Heard(Meant.COMMENTING if mine else Meant.SOMEBODY_ELSE, mine.score if mine else 0, survey.language)


@transaction.atomic
def _commented(update: Update) -> Heard | None:
    survey = tracing.named(update)
    given = _latest(survey, update, within=None) if survey else None
    if survey is None or given is None or not update.text.strip():
        return None
    answering.add_comment(given, comment=update.text[: answering.LONGEST])
    return Heard(Meant.COMMENTED, given.score, survey.language)


@transaction.atomic
def _replied(update: Update) -> Heard | None:
    """A typed rating from an address that was asked and may still answer, the comment after it, or a wish.

    The rest is left to the conversation.
    """
    found = tracing.answered(update)
    if found is None or found.delivery.survey.contact.erased_at:
        return _from_nobody_asked(update)
    survey = hold(found.delivery.survey)
    if receipts.seen(found.delivery.again(), update):
        return Heard(Meant.REPEATED, language=survey.language)
    if not found.by_customer:
        return _left(survey, update, by=Actor(ActorKind.INTEGRATION, "", update.address))
    if update.automatic:
        conversing.note(survey.session, _("Automatic reply: %(text)s") % {"text": _kept(update)}, by=SYSTEM)
        return Heard(Meant.LEFT, language=survey.language)
    return _wished(update, survey.language, survey, certain=found.certain) or _rated(survey, update, certain=found.certain)


def _rated(survey: Survey, update: Update, *, certain: bool) -> Heard:
    rating = _reading(survey, update) if certain and _may_answer(survey) else None
    if isinstance(rating, Rating):
        return _answer(survey, update, rating.score, comment=rating.comment)
    given, comment = _latest(survey, update), _own_comment(update)
    if certain and given and not given.comment and comment:
        answering.add_comment(given, comment=comment)
        return Heard(Meant.COMMENTED, given.score, survey.language)
    return _left(survey, update, meant=Meant.UNCLEAR if isinstance(rating, AskBack) else Meant.LEFT)


def _reading(survey: Survey, update: Update) -> Rating | AskBack | None:
    return (read_mail if update.medium == Medium.EMAIL else read_rating)(update.text, survey.language)


def _own_comment(update: Update) -> str:
    text = unsigned(update.text) if update.medium == Medium.EMAIL else update.text.strip()
    return text[: answering.LONGEST]


def _wished(update: Update, language: str, survey: Survey | None, *, certain: bool) -> Heard | None:
    """STOP, START or HELP, by the provider's word or in the customer's language.

    A START that lifts nothing is a word like any other, and so is one whose sender is not certain: anyone can write a From.
    """
    what = update.what if update.what in WISHES else wishes.wish(update.text, language)
    if what is None or (what == What.HELP and update.medium == Medium.EMAIL):  # a mail that says no more than "help" needs a person
        return None
    if what == What.OPTED_IN and not certain:
        return None
    changed = receipts.respect(replace(update, what=what, suppress=what == What.OPTED_OUT))
    if what == What.OPTED_IN and not changed:
        return None
    told = _leave(survey, update) if survey else None
    return Heard(WISHES[what], language=language or _language_of(update), event_id=told.pk if told else 0)


def _from_nobody_asked(update: Update) -> Heard | None:
    wished = None if update.automatic else _wished(update, "", None, certain=update.medium != Medium.EMAIL)
    if wished is None:
        log.info("a reply from an address that was not asked", medium=update.medium)
    return wished


def _language_of(update: Update) -> str:
    """Of a person we know, but never asked."""
    field = "email" if update.medium == Medium.EMAIL else "phone"
    known = Contact.objects.filter(**{field: update.address}, erased_at=None).exclude(language="").order_by("-id").first()
    return speaking.language_of_contact(known, CsatSettings.current())


def _answer(survey: Survey, update: Update, score: int, *, comment: str = "") -> Heard:
    hold(survey)
    if update.event_id and survey.answers.filter(provenance__event=update.event_id).exists():
        return Heard(Meant.REPEATED, score, survey.language)
    provenance = {"event": update.event_id, "user": update.user, "user_name": update.user_name}
    source = SOURCE[Medium(update.medium)]
    given = answering.answer(survey, score=score, source=source, comment=comment, provenance=provenance, hold=True)
    return Heard(Meant.RATED, score, survey.language, given.event_id or 0)


def _left(survey: Survey, update: Update, *, meant: Meant = Meant.LEFT, by: Actor | None = None) -> Heard:
    return Heard(meant, language=survey.language, event_id=_leave(survey, update, by=by).pk)


def _leave(survey: Survey, update: Update, *, by: Actor | None = None) -> Event:
    """Never eaten: it stands in the conversation, where the team and the webhooks find it."""
    by = by or Actor(ActorKind.CONTACT, str(survey.contact.uuid), survey.contact.name)
    return conversing.add_message(survey.session, sender="contact", text=_kept(update), by=by)


def _kept(update: Update) -> str:
    return clean(update.text[:LONGEST_LEFT]) or "…"


def _customer_user(survey: Survey) -> str:
    """Whose press counts: the Slack user the helpdesk named (`slack_user_id`), else whoever pressed first."""
    named = survey.session.custom_data.get("slack_user_id") or survey.contact.custom_data.get("slack_user_id")
    if named:
        return str(named)
    first = survey.answers.filter(source=Source.SLACK).order_by("revision").first()
    return str(first.provenance.get("user") or "") if first else ""


def _latest(survey: Survey, update: Update, *, within: timedelta | None = JOINS) -> Answer | None:
    """The answer this person gave in the same way; a box opened for its comment may stay open as long as they like."""
    mine = survey.answers.filter(source=SOURCE[Medium(update.medium)], provenance__user=update.user)
    return (mine.filter(created_at__gte=timezone.now() - within) if within else mine).order_by("-revision").first()


def _may_answer(survey: Survey) -> bool:
    return survey.state in (SurveyState.SCHEDULED, SurveyState.SENT, SurveyState.ANSWERED) and links.standing(survey) in (
        "open",
        "answered",
    )
