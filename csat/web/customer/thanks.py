"""The thank-you page: what became of the rating, having it looked at again, taking the words back."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _

from csat.surveys.answers import acknowledgement, comment_withdrawal, second_look
from csat.web.customer.survey_visit import Visit

REOPEN, WITHDRAW, SURELY_WITHDRAW = STEPS = ("reopen", "withdraw", "withdraw-surely")


@dataclass(frozen=True)
class Thanks:
    """In the visit's language, by the customer's clock; "" where there is nothing to say."""

    offer: str = ""  # what is promised to whoever has it looked at again
    promised: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # what happened since, and the words to it
    may_withdraw: bool = False
    withdrawn: str = ""


def of(visit: Visit) -> Thanks:
    """Of the customer's own answer; nothing of it is told by a link that staff copied."""
    known = acknowledgement.of(visit.answer, visit.settings) if visit.answer else None
    if known is None:
        return Thanks()
    with translation.override(visit.language):
        return Thanks(
            offer=_offer(visit, known.offer),
            promised=_promised(visit, known),
            facts=tuple(_facts(visit, known)),
            may_withdraw=known.has_words,
            withdrawn=_("You withdrew your words on %(date)s.")
            % {"date": _day(visit, known.words_withdrawn_at)}
            if known.words_withdrawn_at
            else "",
        )


def act(visit: Visit, step: str) -> None:
    """One of `STEPS` but the question before the last. Pressed twice it happens once."""
    if step == REOPEN:
        second_look.ask_for(visit.survey, by=visit.customer)
    elif step == SURELY_WITHDRAW:
        comment_withdrawal.withdraw(visit.survey, by=visit.customer)


def _offer(visit: Visit, offer: second_look.Offer | None) -> str:
    return (
        _("We look at it again, by %(time)s at the latest.") % {"time": _moment(visit, offer.until)}
        if offer
        else ""
    )


def _promised(visit: Visit, known: acknowledgement.Acknowledgement) -> str:
    if known.promised_until is None:
        return ""
    if known.promised_until <= timezone.now():
        return _("Your conversation is open again. Sorry: it takes longer than we promised.")
    return _("Your conversation is open again. We look at it by %(time)s at the latest.") % {
        "time": _moment(visit, known.promised_until)
    }


def _facts(visit: Visit, known: acknowledgement.Acknowledgement) -> list[tuple[str, str]]:
    facts = []
    if known.seen_at:
        facts.append((_("Read by a person"), _day(visit, known.seen_at)))
    if known.about:
        facts.append((_("It was about"), str(known.about.label)))
    if known.done:
        facts.append((_("What we did"), known.done))
    if known.done_at:
        facts.append((_("Looked after"), _day(visit, known.done_at)))
    return facts


def _day(visit: Visit, at: datetime | None) -> str:
    local = timezone.localtime(at, visit.survey.session.contact.zone)
    return formats.date_format(local, "DATE_FORMAT")


def _moment(visit: Visit, at: datetime) -> str:
    local = timezone.localtime(at, visit.survey.session.contact.zone)
    return f"{formats.date_format(local, 'DATE_FORMAT')} {formats.time_format(local, 'TIME_FORMAT')}"
