"""Undoing a whole import: nothing of it is left, except what something else has touched since."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.imports import importing, undoing
from csat.imports.models import Import, ImportedRow
from csat.people import contacts
from csat.people.models import Agent, Contact
from csat.reports import queries, rollup
from csat.reports.filters import parse
from csat.sessions import activity, intake
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.models import Answer, Score, Survey
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.imports.conftest import many

pytestmark = pytest.mark.django_db
HEADER = "ticket,score,comment,email,agent,date\n"


def undo(source: Import) -> Import:
    importing.undo(source, by=SYSTEM)
    assert importing.run(source.pk)
    return source.again()


def test_it_leaves_none(bring_in):
    source = bring_in(many(1200) + "\n5,1,again,c5@acme.example,Agent 1,2026-01-02\n")
    rollup.recount()
    source = undo(source)
    assert (source.state, source.kept) == ("undone", 0)
    for model in (Session, Survey, Answer, Score, Contact, Agent, ImportedRow):
        assert not model.objects.exists(), model
    assert not Event.objects.exclude(kind="audit").exists()
    rollup.recount()
    assert queries.figures(parse({"from": "2025-01-01", "to": "2026-12-31"})).n == 0
    assert not rollup.verify()


def test_what_was_touched_since_is_kept_counted_and_listed(bring_in):
    source = bring_in(HEADER + "".join(f"{n},5,,c{n}@acme.example,Ben,2026-01-02\n" for n in range(5)))
    by_ticket = {n: Session.objects.get(external_id=f"import:generic:{n}") for n in range(5)}
    activity.add_message(by_ticket[0], sender="contact", text="hello again", by=SYSTEM)
    answering.answer(by_ticket[1].survey, score=1, source="page")
    activity.update(by_ticket[2], by=SYSTEM, sentiment="negative")
    source = undo(source)
    assert (source.state, source.kept) == ("undone", 3)
    assert set(source.rows.values_list("outcome", "session")) == {("kept", by_ticket[n].pk) for n in range(3)}
    assert set(Session.objects.all()) == {by_ticket[n] for n in range(3)}
    assert (Contact.objects.count(), Agent.objects.count()) == (3, 1)


def test_contacts_and_agents_who_were_there_before_stay(bring_in):
    known, _new = contacts.find_or_create(email="ana@acme.example")
    ben = Agent.objects.create(name="Ben")
    undo(bring_in(HEADER + "1,5,,ana@acme.example,Ben,2026-01-02\n"))
    assert (Contact.objects.get(), Agent.objects.get()) == (known, ben)


def test_a_contact_who_has_written_since_stays(bring_in):
    source = bring_in(HEADER + "1,5,,ana@acme.example,,2026-01-02\n")
    intake.start(contact=Contact.objects.get(), channel="email", by=SYSTEM)
    undo(source)
    assert Contact.objects.count() == Session.objects.count() == 1


def test_a_rating_that_it_had_replaced_is_the_score_again(bring_in):
    first = bring_in(HEADER + "1,2,slow,,,2026-01-02\n")
    second = bring_in(HEADER + "1,4,fine,,,2026-01-05\n")
    assert undo(second).kept == 0
    score = Score.objects.get()
    assert (score.score, score.comment, score.submitted_at.day) == (2, "slow", 2)
    assert Answer.objects.count() == Event.objects.filter(kind="csat.submitted").count() == 1
    assert undo(first).kept == 0
    assert not Session.objects.exists()


def test_a_conversation_it_has_only_rated_is_unrated_again(bring_in):
    first = bring_in(HEADER + "1,,,,,2026-01-02\n")
    undo(bring_in(HEADER + "1,4,,,,2026-01-05\n"))
    survey = Survey.objects.get()
    assert (survey.state, survey.counted_at, survey.answered_at) == ("skipped", None, None)
    assert not Score.objects.exists()
    assert undo(first).kept == 0


def test_an_earlier_import_is_not_undone_below_a_later_one(bring_in):
    first = bring_in(HEADER + "1,2,,,,2026-01-02\n")
    bring_in(HEADER + "1,4,,,,2026-01-05\n")
    assert undo(first).kept == 1
    assert Score.objects.get().score == 4


def test_one_killed_in_the_middle_goes_on(bring_in, monkeypatch):
    monkeypatch.setattr(undoing, "BATCH", 10)
    source, calls = bring_in(many(35)), []
    importing.undo(source, by=SYSTEM)
    undo_rows = undoing._undo_rows

    def die_in_the_third(rows: list[ImportedRow]) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return undo_rows(rows)

    monkeypatch.setattr(undoing, "_undo_rows", die_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        importing.run(source.pk)
    assert (source.again().progress, Session.objects.count()) == (20, 15)
    source.change(lease_until=timezone.now() - timedelta(seconds=1))
    importing.run(source.pk)
    source = source.again()
    assert (source.state, source.progress, source.total) == ("undone", 35, 35)
    assert not Contact.objects.exists()


def test_it_costs_the_same_queries_for_many_rows(bring_in, django_assert_max_num_queries):
    source = bring_in(many(400))
    importing.undo(source, by=SYSTEM)
    with django_assert_max_num_queries(140):
        importing.run(source.pk)
