"""Races, on both databases: every answer is kept, one score stands, one message and one event go out."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from csat.channels.base import EventType, ProviderEvent
from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Refused
from csat.sessions import resolving
from csat.surveys import links
from csat.surveys.answers import answering, comment_withdrawal, inbound, widget_card
from csat.surveys.delivery import expiry, receipts, scheduling, sending, staff_messages
from csat.surveys.models import Answer, Delivery, Link, Score, StaffMessage, Survey
from csat.surveys.rules import settings
from csat.timeline import dispatching
from csat.timeline.models import Event
from tests.factories import (
    API,
    CUSTOMER,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shared_database")]


def told(kind):
    return Event.objects.filter(kind=kind).count()


def fine(results):
    assert [result for result in results if isinstance(result, Exception)] == []
    return results


def test_two_different_answers_at_once_are_two_answers_and_one_score():
    survey = make_sent_survey()
    fine(race(lambda n: answering.answer(survey, score=[1, 5][n], source="page"), 2))
    assert sorted(Answer.objects.values_list("score", flat=True)) == [1, 5]
    assert Score.objects.get().answer == Answer.objects.get(revision=2)


def test_many_answers_at_once_are_all_kept_and_the_latest_stands():
    survey = make_sent_survey()
    fine(race(lambda n: answering.answer(survey, score=n + 1, source="page", await_comment=True), 5))
    assert list(Answer.objects.values_list("revision", flat=True)) == [1, 2, 3, 4, 5]
    score, last = Score.objects.get(), Answer.objects.get(revision=5)
    assert (score.answer, score.score) == (last, last.score)
    assert [
        event.data["revision"] for event in Event.objects.filter(kind="csat.submitted").order_by("id")
    ] == list(range(1, 6))


def test_one_answer_given_many_times_at_once_is_one():
    survey = make_sent_survey()
    answers = fine(race(lambda _: answering.answer(survey, score=2, source="api", comment="Slow")))
    assert (Answer.objects.count(), told("csat.submitted")) == (1, 1)
    assert sorted(answer.repeated for answer in answers) == [False] + [True] * 7


def test_one_delivery_goes_out_once(provider):
    mail = provider("email")
    switch_on("email")
    delivery = make_resolved_session().survey.deliveries.get()
    assert sorted(fine(race(lambda _: sending.send(delivery.pk)))) == [False] * 7 + [True]
    assert (len(mail.calls), told("csat.requested")) == (1, 1)


def test_many_batches_at_once_send_each_once(provider):
    mail = provider("email")
    switch_on("email")
    for _ in range(12):
        make_resolved_session()
    assert sum(fine(race(lambda _: sending.send_due(), 4))) == 12
    assert len({message.reference for message in mail.calls}) == len(mail.calls) == 12


def test_of_two_sessions_of_a_contact_under_a_cap_one_is_asked(provider):
    provider("email")
    switch_on("email", contact_cap_days=7)
    contact = make_contact()
    rows = [make_resolved_session(contact=contact).survey.deliveries.get() for _ in range(4)]
    assert sorted(fine(race(lambda n: sending.send(rows[n].pk), 4))) == [False, False, False, True]
    assert sorted(Survey.objects.values_list("state", flat=True)) == ["sent", "skipped", "skipped", "skipped"]


def test_many_requests_at_once_are_one_message(provider):
    mail = provider("email")
    session = make_session()
    results = race(lambda _: scheduling.request(session.again(), origin="manual", by=API))
    assert all(isinstance(result, Survey | Refused) for result in results)
    assert (Survey.objects.count(), Delivery.objects.count()) == (1, 1)
    sending.send_due()
    assert len(mail.calls) == 1


def test_resolved_by_many_at_once_there_is_one_survey():
    switch_on("email")
    session = make_session()
    fine(race(lambda _: resolving.resolve(session.again(), by=API)))
    assert (Survey.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_card_shown_in_many_windows_is_told_once():
    switch_on("web")
    survey = make_resolved_session("web").survey
    sending.send_due()
    fine(race(lambda _: widget_card.mark_shown(survey)))
    assert told("csat.requested") == 1


def test_a_link_made_by_many_is_one():
    survey = scheduling.get_or_create_survey(make_session())
    urls = fine(race(lambda _: links.rate_url(survey)))
    assert (len(set(urls)), Link.objects.filter(purpose="rate").count()) == (1, 1)


def test_many_sweepers_make_one_reminder():
    settings.change(by=API, reminder_days=1)
    survey = make_sent_survey()
    survey.change(remind_at=timezone.now() - timedelta(minutes=1))
    fine(race(lambda _: expiry.schedule_reminders(), 4))
    assert Delivery.objects.filter(reason="reminder").count() == 1


def test_a_failure_told_by_many_callbacks_hands_over_once():
    survey = make_sent_survey("sms")
    update = ProviderEvent(EventType.FAILED, reference=str(survey.deliveries.get().uuid))
    fine(race(lambda _: receipts.apply(update)))
    assert (Delivery.objects.filter(channel="email").count(), told("csat.delivery_failed")) == (1, 1)


def test_a_comment_while_its_answer_is_being_told_is_never_lost():
    survey = make_sent_survey()
    answer = answering.answer(survey, score=1, source="page", await_comment=True)
    Event.objects.filter(pk=answer.event_id).update(dispatch_after=timezone.now())
    fine(
        race(
            lambda n: (
                dispatching.fan_out() if n else answering.add_comment(answer.again(), comment="It broke")
            ),
            2,
        )
    )
    assert Score.objects.get().comment == "It broke"
    assert Event.objects.filter(kind="csat.submitted").order_by("id").last().data["comment"] == "It broke"


def test_reopened_while_it_is_being_sent_it_is_withdrawn_either_way(provider):
    provider("email")
    switch_on("email")
    session = make_resolved_session()
    delivery = session.survey.deliveries.get()
    fine(race(lambda n: sending.send(delivery.pk) if n else resolving.reopen(session.again(), by=API), 2))
    assert session.survey.again().state == "cancelled"
    assert delivery.again().state in {"sent", "cancelled"}


def test_nobody_waits_for_each_other_for_ever(provider):
    """Session, survey, delivery: rows are locked in one order; otherwise PostgreSQL reports a deadlock."""
    for channel in ("email", "sms"):
        provider(channel)
    switch_on("sms")
    session = make_resolved_session("sms")
    survey = session.survey

    def reopen_and_resolve():
        resolving.reopen(session.again(), by=API)
        resolving.resolve(session.again(), by=API)

    def ask_and_send():
        scheduling.request(session.again(), origin="manual", by=API, force=True)
        sending.send_due()

    def hear():
        for delivery in Delivery.objects.all():
            receipts.apply(
                ProviderEvent(
                    EventType.DELIVERED if delivery.pk % 2 else EventType.FAILED, reference=str(delivery.uuid)
                )
            )

    def answer():
        answering.answer(survey, score=3, source="page")

    def many_times(number):
        for _ in range(4):
            try:
                [reopen_and_resolve, ask_and_send, hear, answer][number % 4]()
            except Refused:
                pass

    fine(race(many_times, 8))


@pytest.mark.parametrize(("text", "answers", "messages"), [("4", 1, 1), ("Where is my invoice?", 0, 2)])
def test_one_reply_delivered_many_times_at_once_is_heard_once(text, answers, messages):
    survey = make_sent_survey("sms")
    update = ProviderEvent(
        EventType.REPLIED, medium="sms", address=survey.contact.phone, text=text, event_id="SM1"
    )
    intents = [result.intent for result in fine(race(lambda _: inbound.handle(update)))]
    assert intents.count("repeated") == 7
    assert (Answer.objects.count(), told("message.received")) == (
        answers,
        messages,
    )  # one message began the conversation


def test_workers_that_send_messages_of_staff_at_once_send_each_once(manager_user):
    for number in range(6):
        staff_messages.write(make_session(), f"Hello {number}", by=manager_user)
    assert sum(fine(race(lambda _n: staff_messages.send_due(), 3))) == 6
    assert SandboxMessage.objects.values("reference").distinct().count() == 6
    assert SandboxMessage.objects.count() == told("message.sent") == 6


def test_words_that_are_withdrawn_while_they_are_sent_are_kept_nowhere(manager_user):
    survey = make_sent_survey()
    answering.answer(survey, score=1, comment="Zyxmark was never solved", source="page")
    staff_messages.write(survey.session, "You wrote “Zyxmark was never solved”", by=manager_user)
    verbs = (staff_messages.send_due, partial(comment_withdrawal.withdraw, survey, by=CUSTOMER))
    fine(race(lambda n: verbs[n](), 2))
    assert not StaffMessage.objects.filter(text__contains="Zyxmark").exists()
    assert not SandboxMessage.objects.filter(text__contains="Zyxmark").exists()
    assert not Event.objects.filter(data__icontains="Zyxmark").exists()
