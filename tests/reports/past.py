"""A random past, written straight into the tables and kept as plain facts to compute from independently."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from django.db import connection
from statsmodels.stats.proportion import proportion_confint

from csat.people.models import Agent, Contact, Team
from csat.sessions.models import Handoff, HandoffReason, Session, Tag
from csat.surveys.models import Answer, Score, Survey

CHANNELS = ["web", "email", "phone_voice", "whatsapp", "sms", "slack", "api", "web_voice"]
REASONS = [str(reason) for reason in HandoffReason.Reason]
WORDS = ["quick", "slow", "friendly", "parcel", "refund", "=danger", "täglich", "never again"]


SECONDS = (
    0,
    899,
    900,
    3599,
    3600,
    14_399,
    14_400,
    86_399,
    86_400,
    259_199,
    259_200,
    9_999_999,
)  # both sides of limits
FIRST = 5_000_001  # ticket numbers that no session made meanwhile is given


@dataclass
class Fact:
    """All that a report may ask of one survey."""

    number: int
    at: datetime
    channel: str
    language: str
    team: str = ""
    agents: dict[str, Agent | None] = field(default_factory=dict)  # by credit
    reasons: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    requested: bool = True
    delivered: bool = True
    score: int | None = None
    about: str | None = None
    comment: str = ""
    quarantined: int | None = None  # the score of a later answer in quarantine
    took: timedelta | None = None  # until it was resolved; None: it is open

    def rated(self, quarantined: bool) -> int | None:
        return self.quarantined if quarantined and self.quarantined else self.score


def write(count: int, *, start: datetime, days: int, seed: int = 7) -> list[Fact]:
    dice = random.Random(seed)
    teams = [Team.objects.create(name=name) for name in ("Billing", "Tier 2, Berlin", "Shipping")]
    kinds = ["human"] * 4 + ["ai"]
    agents = [
        Agent.objects.create(name=f"Agent {n}", email=f"a{n}@acme.example", kind=kind)
        for n, kind in enumerate(kinds)
    ]
    contacts = Contact.objects.bulk_create(
        Contact(name=f"Contact {n}", email=f"c{n}@customer.example") for n in range(20)
    )
    facts = [
        _fact(dice, FIRST + n, start + timedelta(seconds=dice.randrange(days * 86400)), teams, agents)
        for n in range(count)
    ]
    for fact in facts:
        fact.took = random.Random(fact.number).choice([None, *(timedelta(seconds=n) for n in SECONDS)])
    _store(facts, {team.name: team for team in teams}, contacts, dice)
    return facts


def analyze() -> None:
    """A database that has lived a while knows its tables; this one was filled a moment ago."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _fact(dice: random.Random, number: int, at: datetime, teams: list[Team], agents: list[Agent]) -> Fact:
    fact = Fact(number, at, dice.choice(CHANNELS), dice.choice(["en", "de", "ar"]))
    fact.team = dice.choice([*(team.name for team in teams), ""])
    fact.agents = {
        credit: dice.choice([*agents, None]) for credit in ("resolver", "last_human", "most_replies")
    }
    fact.reasons = set(dice.sample(REASONS, dice.choice([0, 0, 0, 1, 2])))
    fact.tags = set(dice.sample(["vip", "late", "none of these"], dice.choice([0, 0, 1, 2])))
    fact.requested = dice.random() < 0.95
    fact.delivered = fact.requested and dice.random() < 0.85
    if not fact.requested or dice.random() < 0.4:
        fact.score = dice.choice([1, 2, 3, 4, 4, 5, 5, 5])
        fact.about = dice.choice(["help", "product", None]) if fact.score < 4 else None
        fact.comment = " ".join(dice.sample(WORDS, dice.randrange(4)))
    if dice.random() < 0.1:
        fact.quarantined = dice.randrange(1, 6)
    return fact


def _store(facts: list[Fact], teams: dict[str, Team], contacts: list[Contact], dice: random.Random) -> None:
    sessions = Session.objects.bulk_create(_session(fact, teams, dice.choice(contacts)) for fact in facts)
    surveys = Survey.objects.bulk_create(
        _survey(fact, session) for fact, session in zip(facts, sessions, strict=True)
    )
    pairs = list(zip(facts, surveys, strict=True))
    answers = Answer.objects.bulk_create(_answer(fact, survey) for fact, survey in pairs if fact.score)
    Score.objects.bulk_create(_score(answer, answer.survey) for answer in answers)
    Answer.objects.bulk_create(
        Answer(
            survey=survey,
            revision=2,
            score=fact.quarantined,
            source="page",
            state="quarantined",
            reason="no_nonce",
        )
        for fact, survey in pairs
        if fact.quarantined
    )
    Tag.objects.bulk_create(
        Tag(session=survey.session, name=name) for fact, survey in pairs for name in fact.tags
    )
    handed = [(fact, survey.session, again) for fact, survey in pairs for again in range(2) if fact.reasons]
    handoffs = Handoff.objects.bulk_create(Handoff(session=session) for _fact, session, _again in handed)
    HandoffReason.objects.bulk_create(  # the first reason twice: it counts once
        HandoffReason(handoff=handoff, session=session, reason=reason)
        for handoff, (fact, session, again) in zip(handoffs, handed, strict=True)
        for reason in (sorted(fact.reasons)[:1] if again else fact.reasons)
    )


def _session(fact: Fact, teams: dict[str, Team], contact: Contact) -> Session:
    times: dict[str, Any] = {"created_at": fact.at, "last_activity_at": fact.at}
    if fact.took is not None:
        times |= {"created_at": fact.at - fact.took, "resolved_at": fact.at, "closed_at": fact.at}
    credit: dict[str, Any] = fact.agents
    return Session(
        pk=fact.number,
        contact=contact,
        channel=fact.channel,
        status="open" if fact.took is None else "closed_resolved",
        team=teams.get(fact.team),
        **credit,
        **times,
    )


def _survey(fact: Fact, session: Session) -> Survey:
    return Survey(
        session=session,
        contact=session.contact,
        state="answered" if fact.score else "sent" if fact.requested else "skipped",
        channel=fact.channel,
        language=fact.language,
        counted_at=fact.at,
        requested_at=fact.at if fact.requested else None,
        delivered_at=fact.at if fact.delivered else None,
        delivered_via=fact.channel if fact.delivered else "",
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )


def _answer(fact: Fact, survey: Survey) -> Answer:
    assert fact.score
    return Answer(
        survey=survey, revision=1, score=fact.score, comment=fact.comment, about=fact.about, source="page"
    )


def _score(answer: Answer, survey: Survey) -> Score:
    said = {"score": answer.score, "comment": answer.comment, "about": answer.about, "source": "page"}
    when: Any = {"created_at": survey.counted_at, "submitted_at": survey.counted_at}
    return Score(
        session=survey.session,
        survey=survey,
        answer=answer,
        contact=survey.contact,
        channel=survey.channel,
        **said,
        **when,
    )


class Tally(NamedTuple):
    requested: int
    delivered: int
    answered: int
    scores: tuple[int, ...]


def counts(facts: list[Fact], *, quarantined: bool = False) -> Tally:
    """The figures by plain counting."""
    rated = [fact.rated(quarantined) for fact in facts]
    return Tally(
        requested=sum(fact.requested for fact in facts),
        delivered=sum(fact.delivered for fact in facts),
        answered=sum(fact.delivered and score is not None for fact, score in zip(facts, rated, strict=True)),
        scores=tuple(rated.count(score) for score in range(1, 6)),
    )


def told(found: Any) -> Tally:
    """What the reports counted, to be held against it."""
    return Tally(found.requested, found.delivered, found.answered, found.scores)


def figures(facts: list[Fact], *, quarantined: bool = False) -> dict[str, Any]:
    """The same with rates and intervals, as the API tells them: by plain arithmetic and statsmodels."""
    requested, delivered, answered, scores = counts(facts, quarantined=quarantined)
    good, n = scores[3] + scores[4], sum(scores)
    low, high = proportion_confint(good, n, method="wilson") if n else (None, None)
    return {
        "requested": requested,
        "delivered": delivered,
        "answered": n,
        "response_rate": pytest.approx(answered / delivered) if delivered else None,
        "csat": pytest.approx(good / n) if n else None,
        "csat_low": pytest.approx(low, abs=1e-9) if n else None,
        "csat_high": pytest.approx(high, abs=1e-9) if n else None,
        "average": pytest.approx(sum(score * many for score, many in enumerate(scores, 1)) / n)
        if n
        else None,
        "distribution": {str(score): many for score, many in enumerate(scores, 1)},
    }
