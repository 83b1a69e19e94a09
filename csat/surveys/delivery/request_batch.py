"""Requests for many surveys, stored together: rows and events in a few queries however many there are."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from csat import signals
from csat.channels import registry
from csat.jobs import Job, enqueue
from csat.lib.rows import bulk_save, insert
from csat.sessions.models import Session
from csat.surveys import events
from csat.surveys.choices import SURVEY_REACHED_FROM, SurveyState
from csat.surveys.gates import Gate, GateName, merge
from csat.surveys.models import Delivery, Survey
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record_many

# A team that does not ask by itself needs no note of it at every session.
UNRECORDED_GATES = {GateName.AUTO_SEND, GateName.TICKETING_SYSTEM}
COLUMNS = (
    "state", "request_number", "channel", "language", "origin", "forced", "message",
    "gates", "skipped_by", "scheduled_for", "expires_at",
)  # fmt: skip


@dataclass
class RequestBatch:
    """Surveys whose rows the caller has locked, or that are not stored yet. Only `store` writes."""

    new: list[Survey] = field(default_factory=list)
    known: list[Survey] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def ask(self, survey: Survey, gates: list[Gate], **values: Any) -> None:
        """Begin the next request, with these columns of the survey.

        A survey that is out or answered stays so and gets one more delivery; one only linked counts as new.
        """
        if survey.pk is None:
            self.new.append(survey)
        else:
            self.known.append(survey)
            survey.request_number += 1
            if survey.state != SurveyState.SENT or survey.requested_at is None:
                _move(survey, SurveyState.SCHEDULED, expires_at=None)
        _set(survey, gates=merge([], gates), skipped_by="", **values)

    def skip(self, survey: Survey, gate: Gate, *, by: Actor) -> None:
        skipped = _move(survey, SurveyState.SKIPPED, skipped_by=gate.name, scheduled_for=None)
        if skipped and gate.name not in UNRECORDED_GATES:
            self.events.append(events.build_skipped(survey, by=by, gate=gate))

    def send(
        self,
        survey: Survey,
        *,
        at: datetime,
        again: bool,
        by: Actor,
        channel: str | None = None,
        held_from: datetime | None = None,
    ) -> None:
        """`again`: something went out, or is still to go, in an earlier request. `held_from`: it would be due
        then, if surveys were sent at that hour.
        """
        channel = channel or survey.channel
        survey.scheduled_for = at
        delivery = Delivery(
            survey=survey,
            request_number=survey.request_number,
            channel=channel,
            medium=registry.first_way(channel, survey.session.addresses).medium,
            reason=Delivery.Reason.RESEND if again else Delivery.Reason.FIRST,
            origin=survey.origin,
            asked_by=by.to_json(),
            next_try=at,
            due_since=at,
            held_from=held_from,
        )
        self.deliveries.append(delivery)

    def store(self, *, sessions_marked: bool = False) -> None:
        """Call it in the transaction that locked the rows. `sessions_marked`: it renewed those, too."""
        now = timezone.now()
        insert(self.new)
        bulk_save(self.known, *COLUMNS)
        insert(self.deliveries)
        if not sessions_marked:
            sessions = [survey.session_id for survey in [*self.new, *self.known]]
            Session.objects.filter(pk__in=sessions).update(updated_at=now)
        record_many(self.events)
        if self.known:  # their language may be another now
            known = [survey.session_id for survey in self.known]
            signals.surveys_changed.send(sender=Survey, session_ids=known)
        if any(delivery.next_try <= now for delivery in self.deliveries):
            enqueue(Job.SEND_DUE)


def _move(survey: Survey, target: SurveyState, **values: object) -> bool:
    """As `Survey.move`, on a locked row that is written later."""
    if survey.state not in SURVEY_REACHED_FROM[target]:
        return False
    _set(survey, state=target, **values)
    return True


def _set(survey: Survey, **values: object) -> None:
    for name, value in values.items():
        setattr(survey, name, value)
