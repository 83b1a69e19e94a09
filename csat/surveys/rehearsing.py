"""Rehearsing: what rules would have done, what a message will look like, and one to myself."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings as project
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from csat.channels import registry
from csat.channels.base import Ask, Message, Reach, Receipt
from csat.channels.kinds import FALLBACK, Channel, Medium
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Invalid, Refused
from csat.people.auditing import audit
from csat.sessions.models import Session
from csat.surveys import links, settings, speaking
from csat.surveys.eligibility import Case, Rules, at_resolution
from csat.surveys.gates import failed
from csat.surveys.models import CsatSettings, Survey
from csat.timeline.recording import Actor

HISTORY_FREE = ("auto_send_since", "fresh")  # about when something happened, not about whom


@dataclass(frozen=True)
class DryRun:
    """What rules would have done: sessions resolved, asked, and skipped by gate."""

    days: int
    total: int = 0
    asked: int = 0
    instead_of: int = 0  # asked under the rules in force
    skipped: dict[str, int] = field(default_factory=dict)


def dry_run(candidate: dict[str, Any], *, days: int = 30) -> DryRun:
    """Judge every session resolved in the last days by the candidate and by the rules in force. Writes nothing."""
    proposed, current = settings.candidate(candidate), Rules.current()
    since = timezone.now() - timedelta(days=days)
    cases = list(_cases(since))
    verdicts = Counter(_judge_all(cases, proposed))
    asked = verdicts.pop("", 0)
    return DryRun(days, len(cases), asked, Counter(_judge_all(cases, current))[""], dict(verdicts.most_common()))


def preview(kind: str, *, language: str = "en", message: str = "", settings: CsatSettings | None = None) -> Message:
    """One channel's message to an imagined customer. Sends nothing; needs no row but the rules."""
    rules = settings or CsatSettings.current()
    return registry.get(kind).compose(_imagined(kind, language=language, message=message, rules=rules))


def send_test(kind: str, *, to: str, by: Actor) -> Receipt:
    """Send the message of this channel to somebody of the team. Raises Refused with the provider's words.

    Slack takes `channel` or `channel:thread_ts`. A success shows that a stopped channel works again.
    """
    channel = registry.get(kind)
    if channel.medium in (Medium.CARD, Medium.NONE):
        raise Refused(_("Nothing is sent on this channel, so there is nothing to test."))
    if not to.strip():
        raise Invalid(_("Say where to send it."), fields={"to": [_("Say where to send it.")]})
    ask = _imagined(kind, language=translation.get_language() or "en", message="", rules=CsatSettings.current(), to=to.strip())
    try:
        receipt = channel.send(channel.compose(ask))
    except Outcome as outcome:
        raise Refused(_("The provider did not take it: %(words)s") % {"words": outcome.text}) from outcome
    settings.resume(kind, by=by)
    audit(by, "test message", after={"channel": kind})
    return receipt


@dataclass
class _Past:
    """One session of the past, as far as gates need it."""

    contact_id: int
    case: Case
    opted_out: bool
    addresses: dict[str, bool]


def _cases(since: datetime) -> Iterator[_Past]:
    rows = Session.objects.filter(resolved_at__gte=since).select_related("contact", "survey").order_by("resolved_at")
    for session in rows.iterator(chunk_size=2000):
        survey = getattr(session, "survey", None)
        resolved_at = session.resolved_at or since
        contact = session.contact
        case = Case(
            channel=session.surveyed_as,
            key=str(survey.uuid if survey else session.uuid),
            now=resolved_at,
            resolved_at=resolved_at,
            skip_csat=session.skip_csat or (survey is not None and _told_not_to_ask(survey)),
            ai_closure_type=session.ai_closure_type,
            customer_messages=session.customer_messages,
        )
        reachable = {"email": bool(contact.email), "phone": bool(contact.phone), "slack": bool(session.slack_channel), "": True}
        yield _Past(contact.pk, case, bool(contact.opted_out_at or contact.erased_at), reachable)


def _told_not_to_ask(survey: Survey) -> bool:
    return any(gate["name"] == "skip_csat" and not gate["passed"] for gate in survey.gates)


def _judge_all(cases: list[_Past], rules: Rules) -> Iterator[str]:
    """For each session the name of the gate that says no, empty when asked; the cap as it would have run."""
    last: dict[int, datetime] = {}
    cap = timedelta(days=rules.settings.contact_cap_days)
    for past in cases:
        no = _closed_by(past, rules)
        asked_at = last.get(past.contact_id)
        if not no and cap and asked_at and past.case.resolved_at - asked_at < cap:
            no = "contact_cap"
        if not no:
            last[past.contact_id] = past.case.resolved_at
        yield no


def _closed_by(past: _Past, rules: Rules) -> str:
    gates = [gate for gate in at_resolution(past.case, rules) if gate.name not in HISTORY_FREE]
    no = failed(gates)
    if no:
        return no.name
    if past.opted_out:
        return "opt_out"
    hops = [past.case.channel, *(FALLBACK.get(past.case.channel, []) if rules.settings.guaranteed_delivery else [])]
    return "" if any(past.addresses[registry.get(hop).needs] for hop in hops) else "address"


def _imagined(kind: str, *, language: str, message: str, rules: CsatSettings, to: str = "") -> Ask:
    words: dict[str, Any] = {"contact_name": "Ana Souza", "agent_name": "Sam", "ticket_number": 4521}
    channel, _colon, thread = to.partition(":") if kind == Channel.SLACK else (to, "", "")
    reach = Reach("Ana Souza", "ana@example.com", "+15005550006", channel or "C0123456789", thread, language)
    return Ask(
        reference=str(uuid4()),
        survey_id=str(uuid4()),
        to=to or registry.get(kind).address(reach) or "",
        reach=reach,
        rate_url=f"{project.SITE_URL}/r/{links.EXAMPLE}",
        unsubscribe_url=f"{project.SITE_URL}/u/{links.EXAMPLE}",
        intro=speaking.intro(rules, language=language, message=message, **words),
        language=language,
        brand=rules.brand,
        subject=_("An example conversation"),
        **words,
    )
