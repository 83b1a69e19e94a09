"""Asking again, all at once, those whose surveys have failed, and a dry run that says beforehand how many."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat.channels import registry
from csat.channels.kinds import SURVEYED, Channel
from csat.lib.refusal import Invalid
from csat.people import suppression
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.sessions.models import Session
from csat.surveys.choices import DeliveryState, SurveyState
from csat.surveys.delivery.request_batch import RequestBatch
from csat.surveys.delivery.send_gates import UNREACHABLE, ContactCap, is_suppressible, reachability
from csat.surveys.delivery.survey_rows import channel_and_language, lock_surveys
from csat.surveys.gates import Gate, GateName, binds, first_failed
from csat.surveys.models import Delivery, Survey
from csat.surveys.rules import eligibility
from csat.surveys.rules.eligibility import Policy
from csat.timeline.recording import Actor

BATCH = 500
LOOKS_BACK = timedelta(days=30)  # unless told otherwise
SECONDS = 10.0  # how long one call works; what is left is left to the next


class NotAsked(TextChoices):
    """Why a failed survey is left alone, besides the gates."""

    ERASED = "erased", gettext_lazy("contact erased")
    IN_FLIGHT = "in_flight", gettext_lazy("being sent")


@dataclass(frozen=True)
class Group:
    """Surveys whose last message failed on one channel for one reason."""

    channel: str
    code: str
    text: str  # one of them, in the provider's words
    failed: int
    asked: int

    @property
    def label(self) -> str:
        return str(Channel(self.channel).label)


@dataclass(frozen=True)
class Resend:
    """What a run did, or a dry run would do."""

    since: datetime
    failed: int = 0
    asked: int = 0
    left: int = 0  # not looked at yet, because the time was over
    not_asked: dict[str, int] = field(default_factory=dict)  # by GateName or NotAsked
    groups: list[Group] = field(default_factory=list)  # the largest first


def not_asked_label(reason: str) -> str:
    return str(NotAsked(reason).label if reason in NotAsked.values else GateName(reason).label)


def default_since() -> datetime:
    return timezone.now() - LOOKS_BACK


def has_failed(*, since: datetime) -> bool:
    """Whether any survey failed since then."""
    return Survey.objects.filter(state=SurveyState.FAILED, updated_at__gte=since).exists()


def dry_run(*, since: datetime, channel: str | None = None, seconds: float = SECONDS) -> Resend:
    """Judge those that failed since then, on this channel if one is named, until the time is over.

    Writes nothing. Raises Invalid for an unknown channel.
    """
    round_ = _Round(since, Policy.current())
    left = _in_batches(_failed_since(since, channel), round_.look_at, seconds=seconds)
    return round_.result(left=left)


def run(*, since: datetime, by: Actor, channel: str | None = None, seconds: float = SECONDS) -> Resend:
    """Ask them again, each by a new request that keeps the survey's origin, until the time is over.

    A survey that a gate would close stays as it is. Raises Invalid for an unknown channel.
    """
    round_ = _Round(since, Policy.current())
    ask_again = partial(_ask_again, round_=round_, by=by, channel=channel)
    left = _in_batches(_failed_since(since, channel), ask_again, seconds=seconds)
    return round_.result(left=left)


def _in_batches(pks: list[int], work: Callable[[list[int]], None], *, seconds: float) -> int:
    """How many are left when the time is over; one batch is done in any case."""
    until = time.monotonic() + seconds
    for start in range(0, len(pks), BATCH):
        if start and time.monotonic() >= until:
            return len(pks) - start
        work(pks[start : start + BATCH])
    return 0


@transaction.atomic
def _ask_again(pks: list[int], *, round_: "_Round", by: Actor, channel: str | None) -> None:
    surveys = lock_surveys(list(Session.objects.filter(survey__in=pks).select_related("contact")))
    failed = [
        survey for survey in surveys if survey.state == SurveyState.FAILED
    ]  # and not answered meanwhile
    batch, now = RequestBatch(), timezone.now()
    for candidate in round_.judge(failed):
        survey = candidate.survey
        kept = {"origin": survey.origin, "forced": survey.forced, "message": survey.message}
        batch.ask(survey, candidate.gates, **kept, **channel_and_language(survey.session, round_.policy))
        batch.send(survey, at=now, again=True, by=by, channel=candidate.channel)
    if batch.known:
        after = {"surveys": len(batch.known), "since": round_.since.isoformat(), "channel": channel or "all"}
        audit(by, AuditAction.SURVEYS_RESENT, after=after)
        batch.store()


def _failed_since(since: datetime, channel: str | None) -> list[int]:
    """The surveys whose last message failed since then, on this channel if one is named."""
    if channel is not None and channel not in SURVEYED:
        raise Invalid(_("There is no such channel."), fields={"channel": [_("There is no such channel.")]})
    later = Delivery.objects.filter(survey=OuterRef("survey"), pk__gt=OuterRef("pk"))
    last = ~Exists(later.exclude(state=DeliveryState.CANCELLED))
    rows = Delivery.objects.filter(last, state=DeliveryState.FAILED, failed_at__gte=since)
    # a survey changes when a message of it fails, and its `updated_at` has an index
    rows = rows.filter(survey__state=SurveyState.FAILED, survey__updated_at__gte=since)
    if channel is not None:
        rows = rows.filter(channel=channel)
    return list(rows.order_by("survey").values_list("survey", flat=True))


@dataclass(frozen=True)
class _Candidate:
    """A failed survey that is to be asked again."""

    survey: Survey
    channel: str  # of the request that failed, and of the next
    gates: list[Gate]


class _Round:
    """Judges surveys in batches, in a few queries each, and counts them."""

    def __init__(self, since: datetime, policy: Policy) -> None:
        self.since, self.policy = since, policy
        self.chosen: list[Survey] = []
        self.failed: Counter[tuple[str, str]] = Counter()
        self.asked: Counter[tuple[str, str]] = Counter()
        self.not_asked: Counter[str] = Counter()
        self.words: dict[tuple[str, str], Delivery] = {}

    def look_at(self, pks: list[int]) -> None:
        """Judge them without a lock."""
        rows = Survey.objects.filter(pk__in=pks).select_related("session__contact")
        self.judge(list(rows.order_by("pk")))

    def judge(self, surveys: list[Survey]) -> list[_Candidate]:
        """Those of them to ask again."""
        hops = _hops_of(surveys)
        channels = {survey.pk: _channel_of(hops[survey.pk], survey) for survey in surveys}
        suppressed, cap = _suppressed_addresses(surveys, channels), self._contact_cap(surveys)
        chosen = []
        for survey in surveys:
            if not hops[survey.pk]:
                continue
            gates = self._gates(survey, channels[survey.pk], suppressed, cap)
            reason = _reason_against(survey, hops[survey.pk], gates)
            self._count(hops[survey.pk][-1], reason)
            if not reason:
                cap.add(survey)
                self.chosen.append(survey)
                chosen.append(_Candidate(survey, channels[survey.pk], gates))
        return chosen

    def result(self, *, left: int = 0) -> Resend:
        groups = [
            Group(
                channel=key[0],
                code=self.words[key].error_code,
                text=self.words[key].error,
                failed=number,
                asked=self.asked[key],
            )
            for key, number in self.failed.most_common()
        ]
        return Resend(
            since=self.since,
            failed=self.failed.total(),
            asked=self.asked.total(),
            left=left,
            not_asked=dict(self.not_asked.most_common()),
            groups=groups,
        )

    def _contact_cap(self, surveys: list[Survey]) -> ContactCap:
        """Of the contacts of these surveys. It knows those chosen before, which nobody has begun to send."""
        contacts = {survey.contact_id for survey in surveys}
        cap = ContactCap(contacts, self.policy.settings.contact_cap_days, now=timezone.now())
        for survey in self.chosen:
            cap.add(survey)
        return cap

    def _gates(
        self, survey: Survey, channel: str, suppressed: set[tuple[str, str]], cap: ContactCap
    ) -> list[Gate]:
        """As those of a request and of the send after it, but without a query."""
        session, origin, force = survey.session, survey.origin, survey.forced
        gates = eligibility.on_request(
            origin, channel, self.policy, surveyed_as=session.surveyed_as, force=force
        )
        if binds(GateName.STILL_RESOLVED, origin):
            resolved = session.status == Session.Status.RESOLVED
            gates.insert(0, Gate(GateName.STILL_RESOLVED, resolved, session.status))
        if first_failed(gates):
            return gates
        gates += self._reachability(survey, channel, suppressed)
        if binds(GateName.CONTACT_CAP, origin, force=force):
            gates.append(cap.gate(survey))
        return gates

    def _reachability(self, survey: Survey, channel: str, suppressed: set[tuple[str, str]]) -> list[Gate]:
        """A channel without an address passes when guaranteed delivery has another one."""
        gates = _reach(survey, channel, suppressed)
        failed_gate = first_failed(gates)
        if failed_gate and failed_gate.name in UNREACHABLE and self.policy.settings.guaranteed_delivery:
            others = (_reach(survey, other, suppressed) for other in _fallbacks(survey, channel))
            if any(not first_failed(other_gates) for other_gates in others):
                return [gate for gate in gates if gate.passed]
        return gates

    def _count(self, last: Delivery, not_asked: str) -> None:
        key = (last.channel, last.error_code or last.error)
        self.failed[key] += 1
        self.words[key] = last
        if not_asked:
            self.not_asked[not_asked] += 1
        else:
            self.asked[key] += 1


def _hops_of(surveys: list[Survey]) -> dict[int, list[Delivery]]:
    """The deliveries of each survey's last request, the oldest first."""
    hops: dict[int, list[Delivery]] = {survey.pk: [] for survey in surveys}
    numbers = {survey.pk: survey.request_number for survey in surveys}
    rows = Delivery.objects.filter(survey__in=hops).exclude(state=DeliveryState.CANCELLED).order_by("pk")
    columns = ("survey", "request_number", "channel", "reason", "state", "error", "error_code")
    for delivery in rows.only(*columns):
        if delivery.request_number == numbers[delivery.survey_id]:
            hops[delivery.survey_id].append(delivery)
    return hops


def _channel_of(hops: list[Delivery], survey: Survey) -> str:
    """What the last request named, which may be another channel than the conversation's."""
    first = next((hop for hop in hops if hop.reason != Delivery.Reason.FALLBACK), None)
    return first.channel if first else survey.channel


def _suppressed_addresses(surveys: list[Survey], channels: dict[int, str]) -> set[tuple[str, str]]:
    """Among the addresses that the surveys could go to."""
    pairs = set()
    for survey in surveys:
        for kind in (channels[survey.pk], *_fallbacks(survey, channels[survey.pk])):
            channel = registry.get(kind)
            pairs.add((str(channel.medium), channel.address(survey.session.addresses) or ""))
    return suppression.suppressed_among(pair for pair in pairs if is_suppressible(pair[0]))


def _fallbacks(survey: Survey, channel: str) -> tuple[str, ...]:
    return registry.fallbacks(channel, connected=survey.session.connected)


def _reach(survey: Survey, channel: str, suppressed: set[tuple[str, str]]) -> list[Gate]:
    gates, _address = reachability(
        survey.session,
        channel,
        medium=str(registry.get(channel).medium),
        suppressed=suppressed,
        origin=survey.origin,
        force=survey.forced,
    )
    return gates


def _reason_against(survey: Survey, hops: list[Delivery], gates: list[Gate]) -> str:
    """Why it is not asked again; empty when it is."""
    if survey.session.contact.erased_at:
        return NotAsked.ERASED
    if any(hop.state in (DeliveryState.DUE, DeliveryState.SENDING) for hop in hops):
        return NotAsked.IN_FLIGHT
    failed_gate = first_failed(gates)
    return failed_gate.name if failed_gate else ""
