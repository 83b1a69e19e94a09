"""Plans: what was decided about surveys, made into rows and facts together, in a few queries however many there are."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from csat import signals
from csat.channels import registry
from csat.jobs import Job, enqueue
from csat.lib.rows import keep
from csat.surveys import actors, states, telling
from csat.surveys.gates import Gate, merged
from csat.surveys.holding import touch
from csat.surveys.models import Delivery, Survey
from csat.surveys.states import SurveyState
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record_many

SILENT = {"auto_send", "ticketing_system"}  # a team that does not ask by itself needs no note of it at every session


@dataclass
class Plans:
    """Surveys whose rows the caller holds, or that are not stored yet; nothing is written before `store`."""

    new: list[Survey] = field(default_factory=list)
    known: list[Survey] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    facts: list[Event] = field(default_factory=list)

    def ask(self, survey: Survey, gates: list[Gate], **values: Any) -> None:
        """The next request. A survey that is out or answered stays so and gets one more delivery; one only linked counts as new."""
        if survey.pk is None:
            self.new.append(survey)
        else:
            self.known.append(survey)
            survey.request += 1
            if survey.state != SurveyState.SENT or survey.requested_at is None:
                _move(survey, SurveyState.SCHEDULED, expires_at=None)
        _set(survey, gates=merged([], gates), skipped_by="", **values)

    def skip(self, survey: Survey, gate: Gate, *, by: Actor) -> None:
        if _move(survey, SurveyState.SKIPPED, skipped_by=gate.name, scheduled_for=None) and gate.name not in SILENT:
            self.facts.append(telling.skipped(survey, by=by, gate=gate))

    def send(self, survey: Survey, *, at: datetime, again: bool, by: Actor, channel: str | None = None) -> None:
        """`again`: something went out, or is still to go, in an earlier request."""
        channel = channel or survey.channel
        survey.scheduled_for = at
        self.deliveries.append(
            Delivery(
                survey=survey,
                request=survey.request,
                channel=channel,
                medium=registry.get(channel).medium,
                reason=Delivery.Reason.RESEND if again else Delivery.Reason.FIRST,
                origin=survey.origin,
                asked_by=actors.packed(by),
                next_try=at,
            )
        )

    def store(self) -> None:
        """Call it in the transaction that holds the rows."""
        Survey.objects.bulk_create(self.new)
        keep(self.known, *WRITTEN)
        Delivery.objects.bulk_create(self.deliveries)
        touch([survey.session_id for survey in [*self.new, *self.known]])
        record_many(self.facts)
        if self.known:  # they may speak another language now
            signals.surveys_changed.send(sender=Survey, session_ids=[survey.session_id for survey in self.known])
        if any(delivery.next_try <= timezone.now() for delivery in self.deliveries):
            enqueue(Job.SEND_DUE)


WRITTEN = (
    "state", "request", "channel", "language", "origin", "forced", "message", "gates", "skipped_by", "scheduled_for", "expires_at",
)  # fmt: skip


def _move(survey: Survey, target: SurveyState, **values: Any) -> bool:
    """As `Survey.move`, on a row that is held and written later."""
    if survey.state not in states.SURVEY[target]:
        return False
    _set(survey, state=target, **values)
    return True


def _set(survey: Survey, **values: Any) -> None:
    for name, value in values.items():
        setattr(survey, name, value)
