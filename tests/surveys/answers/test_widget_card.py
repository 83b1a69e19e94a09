"""What a widget may show."""

import pytest

from csat.sessions import resolving
from csat.surveys.answers import answering, widget_card
from csat.surveys.delivery import scheduling, sending
from csat.surveys.rules import settings
from csat.timeline.models import Event
from tests.factories import API, make_resolved_session, make_session, switch_on

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    switch_on("web")
    session = make_resolved_session("web", language="de")
    sending.send_due()
    return session


def state(session):
    return widget_card.card_state(session.again()).state


def test_nothing_before_the_survey_is_due():
    switch_on("web", delay_seconds=300)
    session = make_session("web")
    assert state(session) == "none"
    resolving.resolve(session, by=API)
    sending.send_due()
    assert state(session) == "none"


def test_the_card_in_the_customers_language(session):
    card = widget_card.card_state(session)
    assert (card.state, card.visible, card.language, card.score) == ("due", True, "de", None)


def test_shown_it_counts_as_requested_and_delivered(session):
    assert session.survey.again().delivered_at is None
    widget_card.mark_shown(session.survey)
    survey = session.survey.again()
    assert survey.requested_at
    assert (survey.delivered_via, survey.deliveries.get().shown_at is not None) == ("web", True)


def test_answered_it_shows_the_rating(session):
    answering.answer(session.survey, score=2, comment="Slow", source="card")
    card = widget_card.card_state(session)
    assert (card.state, card.score, card.comment) == ("answered", 2, "Slow")


def test_reopened_it_hides_and_cannot_be_shown(session):
    resolving.reopen(session, by=API)
    assert state(session) == "none"
    assert not widget_card.mark_shown(session.survey)


def test_it_comes_back_after_a_resend(session):
    before = widget_card.card_state(session)
    answering.answer(session.survey, score=2, source="card")
    scheduling.request(session, origin="manual", by=API)
    sending.send_due()
    after = widget_card.card_state(session.again())
    assert (after.visible, after.request) == (True, before.request + 1)
    assert widget_card.mark_shown(session.survey)
    assert (
        Event.objects.filter(kind="csat.requested").count() == 1
    )  # the first card was answered before it was ever reported as shown


def test_it_ends_with_its_link(session, later):
    later(days=31)
    assert state(session) == "none"


def test_no_card_for_an_email_survey():
    switch_on("email")
    session = make_resolved_session("email")
    sending.send_due()
    assert state(session) == "none"


def test_its_version_changes_with_what_it_shows(session):
    versions = [widget_card.card_state(session).version]
    for score in (2, 4):
        answering.answer(session.survey, score=score, source="card")
        versions.append(widget_card.card_state(session).version)
    resolving.reopen(session, by=API)
    assert len(set(versions)) == 3


def test_it_costs_little_to_ask(session, django_assert_max_num_queries):
    settings.as_dict()
    fresh = session.again()
    with django_assert_max_num_queries(3):
        widget_card.card_state(fresh)
