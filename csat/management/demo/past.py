"""The past as rows: every plot becomes a session with its facts, survey, deliveries, answers and score, as
the verbs would leave them.

Facts of the past are told to nobody: they carry no `dispatch_after`.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db.models import F, Model

from csat import scale
from csat.channels import registry
from csat.channels.kinds import Medium
from csat.management.demo.plots import Plot
from csat.people.models import Agent, Contact, SuppressionReason
from csat.sessions.models import Handoff, HandoffReason, Participation, Session, Tag
from csat.surveys.choices import NOT_SHOWN, DeliveryState, Origin, Source, SurveyState
from csat.surveys.gates import Gate, GateName
from csat.surveys.models import Answer, Delivery, FollowUp, Score, Survey
from csat.surveys.rules.eligibility import Policy, at_resolution, case_for
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import (
    Created,
    Delivered,
    DeliveryFailed,
    Ended,
    HandedOff,
    OfSurvey,
    Requested,
    Said,
    Skipped,
    Submitted,
    Tagged,
)
from csat.timeline.recording import SYSTEM, Actor, build_event

SOURCES = {"web": "card", "slack": "slack", "api": "api"}
HARD_BOUNCE = "The mail server refused the address: no such mailbox"
ORDER = (
    Session,
    Tag,
    Handoff,
    HandoffReason,
    Participation,
    Survey,
    Delivery,
    Answer,
    Score,
    FollowUp,
    Event,
)


class History:
    """Collects rows plot by plot, then writes them table by table."""

    def __init__(self, rules: Policy) -> None:
        self.rules = rules
        self.rows: dict[type[Model], list[Any]] = {model: [] for model in ORDER}

    def add(self, plot: Plot, *, number: int) -> None:
        """`number` is the session's ticket number, so that facts can name it before it is written."""
        Scene(self, plot, number).play()

    def write(self) -> None:
        for model, rows in self.rows.items():
            model._default_manager.bulk_create(rows, batch_size=500)
        for model in (
            Session,
            Survey,
            Score,
        ):  # bulk_create says "changed now"; these changed when their story did
            changed = {Session: "last_activity_at", Survey: "created_at", Score: "submitted_at"}[model]
            numbers = [row.pk for row in self.rows[model]]
            model._default_manager.filter(pk__gte=min(numbers, default=0)).update(updated_at=F(changed))
        self._first_seen()

    def _first_seen(self) -> None:
        """A customer is known since their first conversation."""
        known = {session.contact_id: session.contact for session in self.rows[Session]}
        for session in self.rows[Session]:
            contact = known[session.contact_id]
            contact.created_at = min(contact.created_at, session.created_at)
        Contact.objects.bulk_update(known.values(), ["created_at"])


class Scene:
    """One plot on its way into rows."""

    def __init__(self, history: History, plot: Plot, number: int) -> None:
        self.history, self.plot, self.number = history, plot, number
        self.resolved = plot.end not in ("open", "unresolved")
        self.customer = Actor(ActorKind.CONTACT, str(plot.contact.uuid), plot.contact.name)

    def play(self) -> None:
        self.session = self._session()
        self._conversation()
        if self.plot.handed_off:
            self._handoff()
        if self.plot.end != "open":
            self._end()
        if self.resolved:
            self._survey()

    def put(self, row: Any) -> Any:
        self.history.rows[type(row)].append(row)
        return row

    def tell(self, kind: Kind, at: datetime, by: Actor = SYSTEM, **data: Any) -> Event:
        ids: dict[str, Any] = {"session_id": self.number, "contact_id": self.plot.contact.pk}
        event: Event = self.put(build_event(kind, by=by, at=at, unpublished=True, **ids, **data))
        return event

    def _session(self) -> Session:
        plot, channel = self.plot, self.plot.channel
        asked = [at for at, who, _text in plot.said if who == "contact"]
        human = plot.agent if plot.agent.kind == Agent.Kind.HUMAN else None
        slack = ("C0ACMEDEMO", f"{plot.began.timestamp():.6f}") if channel == "slack" else ("", "")
        over = plot.over if plot.end != "open" else plot.said[-1][0]
        session = Session(
            pk=self.number, contact=plot.contact, channel=channel,
            subject=plot.story.subject if channel == "email" else "",
            slack_channel=slack[0], thread_ts=slack[1],
            status=self._status(), sentiment=plot.sentiment, language=plot.story.language,
            team=plot.agent.team,
            ai_closure_type="handed_off" if plot.handed_off else "resolved" if plot.ai and self.resolved else None,
            assignee=human, resolver=plot.agent if self.resolved else None,
            last_human=human, most_replies=plot.agent if self.resolved else None,
            customer_messages=len(asked), last_customer_message_at=asked[-1], created_at=plot.began,
            last_activity_at=over,
            resolved_at=plot.over if self.resolved else None,
            closed_at=plot.over if plot.end != "open" else None,
            handed_off_at=plot.said[1][0] if plot.handed_off else None,
        )  # fmt: skip
        return self.put(session)  # type: ignore[no-any-return]

    def _status(self) -> str:
        if self.resolved:
            return "open" if self.plot.end == "cancelled" else "closed_resolved"
        return "open" if self.plot.end == "open" else "closed_unresolved"

    def _conversation(self) -> None:
        plot = self.plot
        self.tell(Kind.SESSION_CREATED, plot.began, self.customer, **Created(channel=plot.channel))
        spoke: dict[Agent, list[datetime]] = {}
        for at, who, text in plot.said:
            if who == "contact":
                self.tell(Kind.MESSAGE_RECEIVED, at, self.customer, **Said(sender=who, text=text))
                continue
            agent = plot.ai if who == "ai" and plot.ai else plot.agent
            spoke.setdefault(agent, []).append(at)
            said = Said(sender=who, text=text, agent_id=str(agent.uuid), agent_name=agent.name)
            self.tell(Kind.MESSAGE_SENT, at, actor(agent), **said)
        for agent, times in spoke.items():
            self.put(Participation(session=self.session, agent=agent, messages=len(times), last_at=times[-1]))
        for tag in plot.story.tags:
            self.put(Tag(session=self.session, name=tag))
            self.tell(Kind.SESSION_TAGGED, plot.said[-1][0], actor(plot.agent), **Tagged(tag=tag))

    def _handoff(self) -> None:
        at, reasons = (
            self.plot.said[1][0] + timedelta(seconds=20),
            self.plot.story.reasons or ("user_requested_human_assistance",),
        )
        assert self.plot.ai
        handoff = self.put(
            Handoff(
                session=self.session,
                summary=self.plot.story.subject,
                sentiment=self.plot.sentiment,
                created_at=at,
            )
        )
        for reason in reasons:
            self.put(HandoffReason(handoff=handoff, session=self.session, reason=reason))
        told = HandedOff(
            handoff_id=str(handoff.uuid),
            reasons=list(reasons),
            summary=handoff.summary,
            sentiment=handoff.sentiment,
        )
        self.tell(Kind.SESSION_HANDED_OFF, at, actor(self.plot.ai), **told)

    def _end(self) -> None:
        agent, kind = self.plot.agent, Kind.SESSION_RESOLVED if self.resolved else Kind.SESSION_CLOSED
        status = "closed_resolved" if self.resolved else "closed_unresolved"
        told = Ended(status=status)
        if self.resolved:
            told = Ended(status=status, ask=True, agent_id=str(agent.uuid), agent_name=agent.name)
        self.tell(kind, self.plot.over, actor(agent), **told)

    def _survey(self) -> None:
        plot = self.plot
        at = plot.over + timedelta(seconds=3)
        survey = Survey(
            session=self.session, contact=plot.contact, channel=plot.channel, language=plot.story.language,
            created_at=plot.over,
            scheduled_for=plot.over, request_number=1,
        )  # fmt: skip
        survey.gates = [gate.as_dict() for gate in self._gates(survey, at)]
        self.put(survey)
        self.told = OfSurvey(survey_id=str(survey.uuid), channel=plot.channel)
        no = next((gate for gate in survey.gates if not gate["passed"]), None)
        if no:
            survey.state, survey.skipped_by = SurveyState.SKIPPED, no["name"]
            self.tell(
                Kind.CSAT_SKIPPED,
                at,
                **Skipped(**self.told, gate=no["name"], value=no["value"], text=no["text"]),
            )
        else:
            self._ask(survey, at)

    def _gates(self, survey: Survey, at: datetime) -> list[Gate]:
        case = case_for(self.session, survey=survey, now=at)
        opted_out = self.plot.end == "opt_out"
        gates = at_resolution(case, self.history.rules)
        if any(not gate.passed for gate in gates):
            return gates
        later = [
            Gate(GateName.STILL_RESOLVED, True, "closed_resolved"),
            Gate(GateName.OPT_OUT, not opted_out, SuppressionReason.UNSUBSCRIBED if opted_out else None),
        ]
        return [
            *gates,
            *later,
            Gate(GateName.ADDRESS, True, self.plot.channel),
            Gate(GateName.CONTACT_CAP, True, 0),
            Gate(GateName.QUIET_HOURS, True),
        ]

    def _ask(self, survey: Survey, at: datetime) -> None:
        """What went out, hop by hop, until one reached the customer or none did."""
        plot = self.plot
        survey.state, survey.announced_request, survey.requested_at, survey.expires_at = (
            SurveyState.SENT,
            1,
            at,
            at + timedelta(days=30),
        )
        survey.counted_at = at
        hops = [plot.channel, *(registry.fallbacks(plot.channel)[-1:] if plot.end == "failed" else [])]
        for index, (channel, then) in enumerate(zip(hops, [*hops[1:], None], strict=True)):
            self._deliver(survey, channel, at + timedelta(minutes=index), first=not index, then=then)
        if plot.end == "answered":
            self._answers(survey, at)
        elif plot.end == "cancelled":
            survey.state = SurveyState.CANCELLED
            self.tell(Kind.SESSION_REOPENED, at + timedelta(hours=2), self.customer)
            self.tell(Kind.CSAT_WITHDRAWN, at + timedelta(hours=2), **self.told)
            self.session.resolved_at = self.session.closed_at = None
            self.session.last_activity_at = at + timedelta(hours=2)
        elif plot.end == "failed" and not survey.delivered_at:
            survey.state = SurveyState.FAILED
        elif survey.expires_at < at.now(at.tzinfo):
            survey.state = SurveyState.EXPIRED

    def _deliver(self, survey: Survey, channel: str, at: datetime, *, first: bool, then: str | None) -> None:
        fails = self.plot.end == "failed" and (then is not None or first)
        medium = registry.get(channel).medium
        card = medium == Medium.CARD
        delivery = self.put(Delivery(
            survey=survey, channel=channel, medium=medium,
            address=registry.get(channel).address(self.session.addresses) or "",
            transport="card" if card else "none" if medium == Medium.NONE else "sandbox",
            reason="first" if first else "fallback",
            state=DeliveryState.FAILED if fails else DeliveryState.SENT, attempt=1, next_try=at,
            cleared_at=at, sent_at=at, created_at=at,
            shown_at=at + timedelta(seconds=4) if card and not fails else None,
            failed_at=at + timedelta(minutes=1) if fails else None,
            error="" if not fails else "" if card else HARD_BOUNCE,
            error_code="" if not fails else NOT_SHOWN if card else "550",
        ))  # fmt: skip
        told: Delivered = {"delivered_via": channel, "delivery_id": str(delivery.uuid), **self.told}
        if first and not (card and fails):
            asked: Requested = {
                "survey_id": told["survey_id"],
                "channel": told["channel"],
                "origin": Origin.AUTO,
                "delivered_via": told["delivered_via"],
                "delivery_id": told["delivery_id"],
            }
            self.tell(Kind.CSAT_REQUESTED, at, **asked)
        if fails:
            why: DeliveryFailed = {
                **told,
                "error": delivery.error,
                "code": delivery.error_code,
                "fallback": then,
            }
            self.tell(Kind.CSAT_DELIVERY_FAILED, at + timedelta(minutes=1), **why)
        else:
            survey.delivered_at, survey.delivered_via = at, channel
            if not first:
                self.tell(Kind.CSAT_DELIVERED, at + timedelta(seconds=9), **told)

    def _answers(self, survey: Survey, at: datetime) -> None:
        plot = self.plot
        source, score_id = SOURCES.get(plot.channel, Source.PAGE), uuid4()
        given = [score for score in (plot.earlier_score, plot.score) if score]
        for revision, score in enumerate(given, start=1):
            last = revision == len(given)
            when = at + plot.wait * (1 if last else 0.5)
            said = {
                "comment": plot.comment if last else "",
                "about": plot.about if last else None,
                "source": source,
            }
            answer = self.put(Answer(survey=survey, revision=revision, score=score, created_at=when, **said))
            words = scale.words(score)
            told = Submitted(
                survey_id=self.told["survey_id"],
                channel=self.told["channel"],
                score=score,
                label=words["label"],
                emoji=words["emoji"],
                score_id=str(score_id),
                answer_id=str(answer.uuid),
                comment=answer.comment,
                about=answer.about,
                source=source,
                revision=revision,
                previous_score=given[0] if revision > 1 else None,
                created_at=(at + plot.wait / len(given)).isoformat(),
                updated_at=when.isoformat(),
            )
            self.tell(Kind.CSAT_SUBMITTED, when, self.customer, **told)
        survey.state, survey.answered_at = SurveyState.ANSWERED, when
        self.put(Score(
            session=self.session, survey=survey, answer=answer, contact=plot.contact, agent=plot.agent,
            score=plot.score,
            channel=plot.channel, comment=plot.comment, about=plot.about, source=source, submitted_at=when,
            created_at=at + plot.wait / len(given), uuid=score_id,
        ))  # fmt: skip
        self.session.last_activity_at = max(self.session.last_activity_at, when)
        if scale.is_low(plot.score):
            self.put(FollowUp(session=self.session, created_at=when))


def actor(agent: Agent) -> Actor:
    return Actor(
        ActorKind.AI if agent.kind == Agent.Kind.AI else ActorKind.AGENT, str(agent.uuid), agent.name
    )
