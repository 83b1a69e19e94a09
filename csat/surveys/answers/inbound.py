"""What a customer writes back: a rating, a comment after it, STOP or START, or a message to the team."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.base import EventType, ProviderEvent
from csat.channels.kinds import Medium
from csat.channels.replies import reader
from csat.channels.replies.emails import read_mail
from csat.channels.replies.parser import AskBack, Rating, keyword_in, read_rating
from csat.channels.replies.reader import Reply
from csat.lib.text import as_uuid, clean
from csat.people import addresses
from csat.people.models import Contact
from csat.sessions import activity
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.choices import DeliveryState, QuarantineReason, SurveyState
from csat.surveys.delivery import message, receipts
from csat.surveys.models import Answer, CsatSettings, Delivery, Link, Survey
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import SYSTEM, Actor

log = structlog.get_logger(__name__)
COMMENT_WINDOW = timedelta(minutes=30)  # how long a reply still counts as the comment to the rating before it
MAX_MESSAGE = 4000  # characters of a reply that are kept in the conversation
MAY_ANSWER = (SurveyState.SCHEDULED, SurveyState.SENT, SurveyState.ANSWERED)


class Intent(StrEnum):
    RATED = "rated"
    REPEATED = "repeated"  # the provider delivered the same press or reply twice
    COMMENTED = "commented"
    COMMENTING = "commenting"  # asked for the comment box
    UNCLEAR = "unclear"  # about a rating, but not which: the customer is asked again
    SOMEBODY_ELSE = "somebody_else"  # pressed by another person in a shared channel
    STOPPED = "stopped"
    STARTED = "started"
    HELPED = "helped"
    LEFT = "left"  # no answer to the survey: it is left in the conversation
    NOTED = "noted"  # not the customer's own words: a note in the conversation
    BOUNCED = "bounced"  # our message came back


KEYWORD_INTENTS = {
    EventType.OPTED_OUT: Intent.STOPPED,
    EventType.OPTED_IN: Intent.STARTED,
    EventType.HELP: Intent.HELPED,
}
BOUNCES = (EventType.BOUNCED, EventType.FAILED)


@dataclass(frozen=True)
class InboundResult:
    """What an inbound event meant and did, for whoever replies to the sender."""

    intent: Intent
    score: int = 0
    language: str = "en"
    event_id: int = 0  # of the timeline event recorded for it; 0: none
    delivery: Delivery | None = field(default=None, compare=False)  # that was replied to


@dataclass(frozen=True)
class Match:
    """The delivery that was replied to."""

    delivery: Delivery
    certain: bool = True  # it replies to this very message; otherwise only the address is known
    by_customer: bool = True  # it comes from the address the message went to


@transaction.atomic
def handle(event: ProviderEvent) -> InboundResult | None:
    """Act on a reply; None for any other event, and when it has nothing to do with a survey. Handled twice it
    acts once.
    """
    if event.type in BOUNCES and event.thread:
        return _handle_bounce(event)
    if event.type != EventType.REPLIED and event.type not in KEYWORD_INTENTS:
        return None
    match, reply = match_reply(event), reader.read(event.text)
    if match is None or match.delivery.survey.contact.erased_at:
        return _handle_unmatched(event, reply)
    match.delivery.survey.lock()
    if not match.delivery.again().keep_event(event):
        return InboundResult(Intent.REPEATED, language=match.delivery.survey.language)
    return replace(_handle_matched(match, event, reply), delivery=match.delivery)


def _handle_matched(match: Match, event: ProviderEvent, reply: Reply) -> InboundResult:
    survey = match.delivery.survey
    if event.automatic:
        return _note(survey, _("Automatic reply: %(text)s") % {"text": _message_text(event)}, by=SYSTEM)
    if not match.by_customer:
        return _handle_third_person(match.delivery, event, reply)
    keyword = _apply_keyword(event, reply, language=survey.language, certain=match.certain)
    if keyword:
        return replace(keyword, event_id=_leave(survey, event).event_id)
    if match.certain:
        return _handle_rating(survey, event, reply)
    return _note_reaction(survey, event) if reply.is_reaction else _leave(survey, event)


def _handle_bounce(event: ProviderEvent) -> InboundResult | None:
    delivery = _by_message_id(event)
    if delivery is None:
        return None
    receipts.apply_returned_mail(event, delivery)
    return InboundResult(Intent.BOUNCED, language=delivery.survey.language)


def _handle_unmatched(event: ProviderEvent, reply: Reply) -> InboundResult | None:
    """From an address that was not asked only a keyword counts, where nobody can forge the sender."""
    keyword = None if event.automatic else _apply_keyword(event, reply, certain=event.medium != Medium.EMAIL)
    if keyword is None:
        log.info("a reply from an address that was not asked", medium=event.medium)
    return keyword


def _handle_third_person(delivery: Delivery, event: ProviderEvent, reply: Reply) -> InboundResult:
    """Somebody else who has our mail, or the customer from another address: a stop is theirs to say, a
    rating is kept apart until staff restore it. Never the customer's own message.
    """
    survey = delivery.survey
    rating = read_mail(reply.words, survey.language) if may_answer(survey) else None
    noted = _note(survey, _message_text(event), by=Actor(ActorKind.INTEGRATION, "", event.address))
    if keyword_in(reply.words, survey.language) == EventType.OPTED_OUT:
        receipts.apply_opt_out(replace(event, type=EventType.OPTED_OUT, address=delivery.address))
        return replace(noted, intent=Intent.STOPPED)
    if isinstance(rating, Rating):
        answering.answer(
            survey,
            score=rating.score,
            source=_source_of(event),
            comment=rating.comment,
            provenance={"event": event.event_id, "user": event.address, "user_name": event.address},
            quarantine=QuarantineReason.OTHER_SENDER,
        )
    return noted


def _apply_keyword(
    event: ProviderEvent, reply: Reply, *, language: str = "", certain: bool
) -> InboundResult | None:
    """STOP, START or HELP, as the provider reports it or in the customer's language; None for any other text.

    A START counts only where it lifts a suppression and the sender is certain: anyone can write a From.
    """
    provider_keyword = event.type if event.type in KEYWORD_INTENTS else None
    keyword = provider_keyword or keyword_in(reply.words, language)
    if keyword is None or (keyword == EventType.OPTED_IN and not certain):
        return None
    if keyword == EventType.HELP and event.medium == Medium.EMAIL:  # an email saying "help" needs a person
        return None
    suppress = keyword == EventType.OPTED_OUT
    changed = receipts.apply_opt_out(replace(event, type=keyword, suppress=suppress))
    if keyword == EventType.OPTED_IN and not changed:
        return None
    return InboundResult(KEYWORD_INTENTS[keyword], language=language or _language_of_sender(event))


def _language_of_sender(event: ProviderEvent) -> str:
    """Of somebody we never asked, but may know by this address."""
    channel = registry.of_medium(event.medium)
    contact = None
    if channel and channel.needs in ("email", "phone"):  # the addresses kept with a contact
        known = addresses.spellings(event.medium, event.address)
        contacts = Contact.objects.filter(**{f"{channel.needs}__in": known}, erased_at=None)
        contact = contacts.exclude(language="").order_by("-id").first()
    return message.language_for_contact(contact, CsatSettings.current())


def _handle_rating(survey: Survey, event: ProviderEvent, reply: Reply) -> InboundResult:
    read = read_mail if event.medium == Medium.EMAIL else read_rating
    rating = read(reply.words, survey.language) if may_answer(survey) else None
    if isinstance(rating, Rating):
        return record_rating(survey, event, rating.score, comment=rating.comment)
    if reply.is_reaction:
        unclear = not reply.taken_back and survey.state == SurveyState.SENT and may_answer(survey)
        return _note_reaction(survey, event, intent=Intent.UNCLEAR if unclear else Intent.NOTED)
    answer = answer_by_sender(survey, event, within=COMMENT_WINDOW)
    if answer and not answer.comment and reply.words:
        answering.add_comment(answer, comment=reply.words[: answering.MAX_COMMENT])
        return InboundResult(Intent.COMMENTED, answer.score, survey.language)
    return _leave(survey, event, intent=Intent.UNCLEAR if isinstance(rating, AskBack) else Intent.LEFT)


def record_rating(survey: Survey, event: ProviderEvent, score: int, *, comment: str = "") -> InboundResult:
    survey.lock()
    if event.event_id and survey.answers.filter(provenance__event=event.event_id).exists():
        return InboundResult(Intent.REPEATED, score, survey.language)
    answer = answering.answer(
        survey,
        score=score,
        source=_source_of(event),
        comment=comment,
        provenance={"event": event.event_id, "user": event.user, "user_name": event.user_name},
        await_comment=True,
    )
    return InboundResult(Intent.RATED, score, survey.language, answer.event_id or 0)


def _leave(survey: Survey, event: ProviderEvent, *, intent: Intent = Intent.LEFT) -> InboundResult:
    """Add it to the conversation as the customer's own, where the team and the webhooks find it."""
    contact = survey.contact
    message_event = activity.add_message(
        survey.session,
        sender="contact",
        text=_message_text(event),
        by=Actor(ActorKind.CONTACT, str(contact.uuid), contact.name),
    )
    return InboundResult(intent, language=survey.language, event_id=message_event.pk)


def _note(survey: Survey, text: str, *, by: Actor, intent: Intent = Intent.NOTED) -> InboundResult:
    """Add it to the conversation as nobody's message: it counts as nothing the customer wrote."""
    note = activity.add_note(survey.session, text, by=by)
    return InboundResult(intent, language=survey.language, event_id=note.pk)


def _note_reaction(survey: Survey, event: ProviderEvent, *, intent: Intent = Intent.NOTED) -> InboundResult:
    return _note(survey, _("Reaction: %(text)s") % {"text": _message_text(event)}, by=SYSTEM, intent=intent)


def _message_text(event: ProviderEvent) -> str:
    return clean(event.text[:MAX_MESSAGE]) or "…"


def answer_by_sender(
    survey: Survey, event: ProviderEvent, *, within: timedelta | None = None
) -> Answer | None:
    """The latest answer that the same person gave in the same way."""
    answers = survey.answers.filter(source=_source_of(event), provenance__user=event.user)
    if within:
        answers = answers.filter(created_at__gte=timezone.now() - within)
    return answers.order_by("-revision").first()


def _source_of(event: ProviderEvent) -> str:
    channel = registry.of_medium(event.medium)
    assert channel, event.medium
    return channel.source


def may_answer(survey: Survey) -> bool:
    return survey.state in MAY_ANSWER and not survey.is_past_expiry


def match_reply(event: ProviderEvent) -> Match | None:
    """An email replies to the one it quotes, a text to the message it names; else it is the latest one."""
    if event.medium == Medium.EMAIL and (quoted := _by_message_id(event) or _by_link(event)):
        own = (quoted.address, quoted.survey.contact.email)
        return Match(quoted, by_customer=any(addresses.same(event.medium, event.address, one) for one in own))
    sent = _deliveries().filter(
        medium=event.medium,
        address__in=addresses.spellings(event.medium, event.address),
        state=DeliveryState.SENT,
        failed_at=None,
    )
    named = sent.filter(provider_id=event.provider_id).first() if event.provider_id else None
    delivery = named or (sent.order_by("-sent_at", "-id").first() if event.address else None)
    return Match(delivery, certain=event.medium != Medium.EMAIL) if delivery else None


def _by_message_id(event: ProviderEvent) -> Delivery | None:
    """Our own Message-ID, or the one the ESP put in its place."""
    emails = _deliveries().filter(medium=Medium.EMAIL)
    for message_id in event.thread:
        local_part = message_id.partition("@")[0] or message_id
        reference = as_uuid(local_part)
        delivery = emails.filter(uuid=reference).first() if reference else None
        provider_ids = [message_id, f"<{message_id}>", local_part]
        delivery = delivery or emails.filter(provider_id__in=provider_ids).first()
        if delivery:
            return delivery
    return None


def _by_link(event: ProviderEvent) -> Delivery | None:
    """The rating link in the text it quotes."""
    emails = _deliveries().filter(medium=Medium.EMAIL)
    for token in event.tokens:
        link = links.find(token, Link.Purpose.RATE)
        delivery = emails.filter(survey=link.survey).order_by("-id").first() if link else None
        if delivery:
            return delivery
    return None


def _deliveries() -> QuerySet[Delivery]:
    return Delivery.objects.select_related("survey__session__contact", "survey__contact")
