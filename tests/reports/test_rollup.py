"""The rollup equals the base rows, whatever happens in whatever order."""

import itertools
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csat import tasks
from csat.lib.refusal import Refused
from csat.people import agents, brands, erasure
from csat.people.models import Organization, Team
from csat.reports import lookup, queries, rollup
from csat.reports.filters import parse
from csat.reports.models import DirtyDay, Rollup
from csat.reports.scores import Counts
from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import expiry, scheduling, sending, transitions
from csat.surveys.models import Answer, CsatSettings, Delivery, Score, Survey
from tests.factories import (
    API,
    CUSTOMER,
    make_agent,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)

pytestmark = pytest.mark.django_db
DAY_ONE = datetime(2026, 3, 27, 9, tzinfo=UTC)  # the clock changes within
DIMENSIONS = [
    "",
    "channel",
    "agent",
    "agent_kind",
    "team",
    "brand",
    "language",
    "handoff_reason",
    "tag",
    "about",
    "day",
]
ASKED: list[dict[str, list[str]]] = [
    {"score": ["1", "2"]}, {"about": ["help", "none"]}, {"tag": ["tag 1"]}, {"agent_kind": ["human"]},
    {"channel": ["email"], "language": ["en"]}, {"handoff_reason": ["prohibited_topic"], "score": ["5"]},
    {"brand": ["zebra"]}, {"brand": ["default"]}, {"brand": ["default", "zebra"]}, {"imported": ["false"]},
    {"brand": ["default"], "imported": ["true"]},
    {"brand": ["default"], "channel": ["email"], "tag": ["tag 1"]},
]  # fmt: skip
SEEN: list[dict[str, str]] = [
    {}, {"quarantined": "1"}, {"credit": "last_human"}, {"credit": "most_replies"},
    {"timezone": "Asia/Kathmandu"},
    {"from": "2026-03-27T10:07:00Z", "to": "2026-03-29T23:45:00Z"}, {"timezone": "America/St_Johns",
    "quarantined": "1"},
    {"quarantined": "1", "credit": "last_human"},
]  # fmt: skip


def request(session: Session, n: int) -> None:
    scheduling.request(session, origin="manual", by=API)


def send(session: Session, n: int) -> None:
    sending.send_due()


def bounce(session: Session, n: int) -> None:
    delivery = Delivery.objects.filter(survey__session=session, state="sent").last()
    if delivery:
        transitions.fail_after_acceptance(delivery, CsatSettings.current())


def answer(session: Session, n: int) -> None:
    answering.answer(scheduling.get_or_create_survey(session), score=n % 5 + 1, source="api")


def answer_low(session: Session, n: int) -> None:
    answering.answer(
        scheduling.get_or_create_survey(session), score=n % 2 + 1, source="page", await_comment=True
    )


def untag(session: Session, n: int) -> None:
    tagging.untag(session, [f"tag {n % 2}"], by=API)


def quarantine(session: Session, n: int) -> None:
    answering.answer(
        scheduling.get_or_create_survey(session), score=n % 5 + 1, source="page", quarantine="no_nonce"
    )


def restore(session: Session, n: int) -> None:
    given_one = Answer.objects.filter(survey__session=session, state="quarantined").last()
    if given_one:
        answering.restore(given_one, by=API)


def reopen(session: Session, n: int) -> None:
    resolving.reopen(session, by=API)


def resolve(session: Session, n: int) -> None:
    activity.add_message(session, sender="contact", text="Hello?", by=CUSTOMER)
    resolving.resolve(session, by=API)


def reassign(session: Session, n: int) -> None:
    activity.assign(session, make_agent(f"Agent {n % 3}"), by=API)


def move_team(session: Session, n: int) -> None:
    activity.update(session, by=API, team=agents.find_or_create_team(f"Team {n % 2}") if n % 3 else None)


def rebrand(session: Session, n: int) -> None:
    activity.update(session, by=API, **brands.named("zebra" if n % 3 else brands.DEFAULT))


def bring_in(session: Session, n: int) -> None:
    """The rating of a file of past ones."""
    survey = scheduling.get_or_create_survey(session)
    answering.answer(survey, score=n % 5 + 1, source="api", provenance={"import": "1"})


def speak(session: Session, n: int) -> None:
    activity.update(session, by=API, language=["de", "en"][n % 2])


def tag(session: Session, n: int) -> None:
    tagging.tag(session, [f"tag {n % 2}"], by=API)


def hand_off(session: Session, n: int) -> None:
    reasons = ["insufficient_tools", "prohibited_topic"]
    activity.hand_off(session, reasons=reasons[: n % 2 + 1], by=API)


def erase(session: Session, n: int) -> None:
    erasure.erase(session.contact, by=API)


def answer_late(session: Session, n: int) -> None:
    """The link has ended, the reminder was sent, and still somebody answers."""
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        expiry.schedule_reminders()
        expiry.expire_surveys()
        answer(session, n)


def complete(session: Session, n: int) -> None:
    """The comment of a low score comes after it, or after others were told of it."""
    given_one = Answer.objects.filter(survey__session=session).last()
    if given_one:
        answering.add_comment(given_one, comment=f"words {n}", about=["help", "product"][n % 2])


def retag(session: Session, n: int) -> None:
    activity.update(session, by=API, tags=[f"tag {n % 3}"] if n % 4 else [])


def unassign(session: Session, n: int) -> None:
    activity.assign(session, None, by=API)


def reply(session: Session, n: int) -> None:
    """Whoever replies most, and last, is credited for it."""
    activity.add_message(session, sender="agent", text="Sorry!", by=API, agent=make_agent(f"Agent {n % 3}"))


def drop_team(session: Session, n: int) -> None:
    Team.objects.filter(name=f"Team {n % 2}").delete()


def close(session: Session, n: int) -> None:
    resolving.close(session, by=API)


def link(session: Session, n: int) -> None:
    scheduling.open_for_link(session)


def move_away(session: Session, n: int) -> None:
    """The organisation's days become other days."""
    Organization.current().change(timezone=["Europe/Berlin", "Australia/Sydney", "America/St_Johns"][n % 3])


def count(session: Session, n: int) -> None:
    rollup.recount()


VERBS = [
    request, send, bounce, answer, answer_low, quarantine, restore, reopen, resolve, reassign, move_team,
    rebrand, bring_in, speak, tag, untag,
    hand_off, erase, count, answer_late, complete, retag, unassign, reply, drop_team, close, link, move_away,
]  # fmt: skip
STEPS = st.lists(
    st.tuples(
        st.sampled_from([*VERBS, resolve, send, answer, count, count]), st.integers(0, 29), st.booleans()
    ),
    min_size=6,
    max_size=30,
)
LIVES = int(os.environ.get("RANDOM_LIVES", "10"))  # more of them by hand, now and then


@pytest.mark.timeout(120 + 40 * LIVES)
@settings(
    max_examples=LIVES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_whatever_happens_the_rollup_is_the_base_rows(db: Any, steps: list[Any]) -> None:
    Organization.current().change(timezone="Europe/Berlin")
    switch_on()
    if not brands.exists("zebra"):
        brands.create(by=API, slug="zebra", name="Zebra")
    with time_machine.travel(DAY_ONE) as clock:
        sessions = [make_session(), make_session("sms"), make_session("whatsapp", language="de")]
        for verb, n, later in steps:
            if later:
                clock.shift(timedelta(hours=17))
            with suppress(Refused), transaction.atomic():
                verb(Session.objects.get(pk=sessions[n % 3].pk), n)
            assert_true([BY[n % len(BY)], "day"])
            assert_as_rows(
                [DIMENSIONS[n % len(DIMENSIONS)], "day" if later else ""],
                ASKED[n % len(ASKED)],
                SEEN[n % len(SEEN)],
            )
            assert verb is not count or rollup.verify() == []
        assert rollup.verify() == []  # no day is wrong without a mark
        assert rollup.recount() >= 0
        assert not DirtyDay.objects.exists()
        assert rollup.verify() == []
        assert_true(BY_HAND)
        assert_true(BY_HAND, quarantined=True)


def assert_as_rows(dimensions: list[str], asked: dict[str, list[str]], seen: dict[str, str]) -> None:
    """What is read of two filters at once, partly from the rollup, is what the base rows say."""
    for by, chosen in itertools.product(dimensions, [{}, asked]):
        filters = parse({"from": "2026-03-01", "to": "2026-08-01", **chosen, **seen})
        found, base = (
            {key: value for key, value in part if value != Counts()}
            for part in (
                lookup.parts(filters, by),
                lookup.from_base_rows(filters, by),
            )
        )
        assert found == base


def assert_true(dimensions: Iterable[str], *, quarantined: bool = False) -> None:
    """What is read, partly from the rollup, is what the rows say, counted by hand with nothing of what is
    under test.
    """
    asked = {"from": "2026-03-01", "to": "2026-08-01", "quarantined": str(quarantined)}
    filters, found = parse(asked), by_hand(quarantined)
    for by in dimensions:
        assert {
            group.key: _told(group.counts)
            for group in queries.grouped(filters, by)
            if group.counts != Counts()
        } == found[by]
    assert _told(queries.figures(filters)) == found["everything"].get("all", _told(Counts()))


def _told(counts: Any) -> tuple[Any, ...]:
    return counts.requested, counts.delivered, counts.waiting, counts.scores


BY_HAND: dict[str, Any] = {
    "day": lambda survey, score: [
        str((survey.requested_at or _first(survey)).astimezone(rollup.zone_now()).date())
    ],
    "channel": lambda survey, score: [survey.channel],
    "language": lambda survey, score: [survey.language],
    "team": lambda survey, score: [survey.session.team.name if survey.session.team else "none"],
    "brand": lambda survey, score: [survey.session.brand.slug if survey.session.brand else brands.DEFAULT],
    "agent": lambda survey, score: [str(survey.session.resolver.uuid) if survey.session.resolver else "none"],
    "handoff_reason": lambda survey, score: (
        {one.reason for one in survey.session.handoff_reasons.all()} or ["none"]
    ),
    "tag": lambda survey, score: {one.name for one in survey.session.tags.all()} or ["none"],
    "about": lambda survey, score: [score.about if score and score.about else "none"],
}
BY = [*BY_HAND]


def by_hand(quarantined: bool) -> dict[str, dict[str, Any]]:
    """(requested, delivered, waiting, how many gave each score) of every group, row by row; the latest
    accepted answer is the score.
    """
    found: dict[str, dict[str, Any]] = {by: {} for by in (*BY_HAND, "everything")}
    for survey in Survey.objects.select_related("session__team", "session__resolver", "session__brand"):
        answers = sorted(survey.answers.all(), key=lambda one: one.revision)
        accepted = [one for one in answers if one.state == "accepted"]
        score, rated = (accepted or [None])[-1], ((answers if quarantined else accepted) or [None])[-1]
        if not survey.requested_at and not score:
            continue
        delivered = survey.delivered_at is not None
        one = (
            int(survey.requested_at is not None),
            int(delivered),
            int(delivered and survey.state == "sent" and rated is None),
        )
        for by, keys in [*BY_HAND.items(), ("everything", lambda *_: ["all"])]:
            for key in keys(survey, score):
                *numbers, scores = found[by].get(key, (0, 0, 0, (0,) * 5))
                scores = tuple(
                    many + (rated is not None and rated.score == n) for n, many in enumerate(scores, 1)
                )
                found[by][key] = (*(a + b for a, b in zip(numbers, one, strict=True)), scores)
    return found


def _first(survey: Survey) -> datetime:
    """When the first rating counted, if nobody asked; one restored from quarantine does from then on."""
    return Score.objects.get(survey=survey).created_at


def scores() -> tuple[int, ...]:
    return queries.figures(parse({})).scores


def test_the_latest_rating_replaces():
    survey = make_sent_survey()
    rollup.recount()
    for score, figures in ((2, (0, 1, 0, 0, 0)), (5, (0, 0, 0, 0, 1)), (5, (0, 0, 0, 0, 1))):
        answering.answer(survey, score=score, source="page")
        assert scores() == figures  # at once
        rollup.recount()
        assert scores() == figures  # and when counted


def test_a_zone_that_was_changed_and_changed_back_misses_nothing(time_machine):
    time_machine.move_to(datetime(2026, 3, 28, 19, tzinfo=UTC), tick=False)  # the 29th in Sydney
    Organization.current().change(timezone="Australia/Sydney")
    answering.answer(make_sent_survey(), score=4, source="page")
    rollup.recount()
    Organization.current().change(timezone="Europe/Berlin")
    answering.answer(make_sent_survey(), score=4, source="page")
    Organization.current().change(timezone="Australia/Sydney")
    assert scores() == (0, 0, 0, 2, 0)


def test_a_clean_day_is_read_from_the_rollup_alone(django_assert_num_queries):
    answering.answer(make_sent_survey(), score=4, source="page")
    rollup.recount()
    Rollup.objects.filter(dim1="").update(s4=41)
    assert scores() == (0, 0, 0, 41, 0)
    filters = parse({})
    with django_assert_num_queries(2):  # the zone counted and the marks, the cells
        queries.figures(filters)


def test_a_rating_nobody_asked_for_moves_to_the_day_it_is_asked_for(time_machine):
    time_machine.move_to(DAY_ONE)
    switch_on()
    session = make_resolved_session(ask=False)
    answering.answer(session.survey, score=3, source="api")
    rollup.recount()
    time_machine.move_to(DAY_ONE + timedelta(days=3))
    scheduling.request(session, origin="manual", by=API)
    sending.send_due()
    rollup.recount()
    days = [group.key for group in queries.grouped(parse({}), "day") if group.counts.n]
    assert days == ["2026-03-30"]
    assert rollup.verify() == []


def test_a_difference_is_found_told_and_mended():
    answering.answer(make_sent_survey(), score=4, source="page")
    rollup.recount()
    Rollup.objects.filter(dim1="channel", dim2="").update(s4=7)
    wrong = rollup.verify()
    assert [(one["cell"][1:3], one["rollup"][7], one["base"][7]) for one in wrong] == [
        (("channel", "email"), 7, 1)
    ]
    tasks.verify_reports()
    assert rollup.verify() == []
    assert Rollup.objects.get(dim1="channel", dim2="").s4 == 1


def test_after_a_count_it_rests_in_proportion_and_no_figure_is_late(time_machine, monkeypatch):
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    clock = itertools.count(step=2)  # as if each count took seconds
    monkeypatch.setattr(rollup.time, "monotonic", lambda: float(next(clock)))
    answering.answer(make_sent_survey(), score=4, source="page")
    assert rollup.recount_in_proportion(seconds=1000) == 1
    rests_until = Organization.current().rollup_rests_until
    assert rests_until > start + timedelta(seconds=2 * rollup.REST)
    answering.answer(make_sent_survey(), score=5, source="page")
    assert rollup.recount_in_proportion(seconds=1000) == 0
    assert scores() == (0, 0, 0, 1, 1)
    time_machine.move_to(rests_until, tick=False)
    assert rollup.recount_in_proportion(seconds=1000) == 1


def test_where_nothing_was_marked_it_does_not_rest():
    assert rollup.recount_in_proportion() == 0
    assert Organization.current().rollup_rests_until is None


def test_another_zone_has_other_days():
    answering.answer(make_sent_survey(), score=4, source="page")
    rollup.recount()
    Organization.current().change(timezone="Pacific/Kiritimati")
    assert scores() == (0, 0, 0, 1, 0)
    rollup.recount()
    there = timezone.now().astimezone(rollup.zone_now()).date()
    assert Rollup.objects.get(dim1="", s4=1).day == there
    assert scores() == (0, 0, 0, 1, 0)


def test_a_deleted_team_is_no_team():
    survey = make_sent_survey(team=agents.find_or_create_team("Billing"))
    rollup.recount()
    Team.objects.get().delete()
    for _counted in range(2):
        assert [group.key for group in queries.grouped(parse({}), "team")] == ["none"]
        rollup.recount()
    assert survey.session_id


def test_the_command_counts_anew_and_checks(capsys):
    answering.answer(make_sent_survey(), score=4, source="page")
    call_command("rebuild_reports")
    assert "1 days counted" in capsys.readouterr().out
    call_command("rebuild_reports", check=True)
    Rollup.objects.filter(dim1="channel", dim2="").update(s4=7)
    with pytest.raises(CommandError):
        call_command("rebuild_reports", check=True)


def test_every_minute_the_marks_are_counted():
    answering.answer(make_sent_survey(), score=4, source="page")
    tasks.sweep_outward()
    assert not DirtyDay.objects.exists()
    assert Rollup.objects.filter(dim1="", s4=1).count() == 1


def test_the_first_of_january_1970_is_a_day_like_any_other() -> None:
    survey = make_sent_survey()
    answering.answer(survey, score=5, source="page")
    survey.change(counted_at=datetime(1970, 1, 1, 12, tzinfo=UTC))
    for _twice in range(2):
        rollup.recount_everything()
        rollup.recount()
        assert rollup.zone_counted() == rollup.zone_now().key
        assert rollup.verify() == []
    assert [str(day) for day in Rollup.objects.values_list("day", flat=True).distinct()] == ["1970-01-01"]


def test_an_upgrade_that_adds_kinds_of_cells_counts_every_day_anew() -> None:
    survey = make_sent_survey()
    answering.answer(survey, score=5, source="page")
    rollup.recount()
    Rollup.objects.update(requested=99)  # what an earlier version may have left
    Organization.objects.update(rollup_timezone="")
    filters = parse({})
    assert queries.figures(filters).requested == 1
    rollup.recount()
    assert queries.figures(filters).requested == 1
    assert rollup.verify() == []
