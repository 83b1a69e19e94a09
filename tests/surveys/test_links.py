"""Links: the same token for the same survey, for ever made again and stored nowhere."""

import re

import pytest
from django.conf import settings as project

from csat.people import erasure
from csat.surveys import links
from csat.surveys.delivery import scheduling
from csat.surveys.models import Link
from tests.factories import API, make_contact, make_sent_survey, make_session
from tests.tokens import rate_token, unsubscribe_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey():
    return scheduling.get_or_create_survey(make_session())


def test_a_token_is_safe_everywhere_and_long_enough(survey):
    assert re.fullmatch(r"[0-9A-Za-z]{22,}", rate_token(survey))


def test_the_same_survey_has_the_same_link(survey):
    assert links.rate_url(survey) == links.rate_url(survey.again())
    assert links.rate_url(survey).startswith(f"{project.SITE_URL}/r/")


def test_another_survey_has_another(survey):
    assert rate_token(survey) != rate_token(scheduling.get_or_create_survey(make_session()))


def test_the_token_itself_is_not_stored(survey):
    token = rate_token(survey)
    kept = [str(value) for row in Link.objects.values() for value in row.values()]
    assert not [value for value in kept if token in value]


def test_it_opens_its_own_door_only(survey):
    token = rate_token(survey)
    assert links.find(token, "rate").survey == survey
    assert links.find(token, "widget") is None
    assert links.find(token, "unsubscribe") is None
    assert links.find(token[:-1], "rate") is None
    assert links.find("", "rate") is None


def test_revoked_it_opens_nothing_and_the_next_one_is_another(survey):
    token = rate_token(survey)
    assert links.revoke(links.find(token, "rate"), by=API)
    assert links.find(token, "rate") is None
    renewed = rate_token(survey)
    assert renewed != token
    assert links.find(renewed, "rate").survey == survey


def test_an_unknown_and_a_revoked_token_ask_the_database_the_same_question(survey, django_assert_num_queries):
    token = rate_token(survey)
    links.revoke(links.find(token, "rate"), by=API)
    for unopened in (token, "A" * 43):
        with django_assert_num_queries(1):
            assert links.find(unopened, "rate") is None


def test_a_new_key_makes_new_links_and_the_old_ones_still_open(survey, settings):
    settings.LINK_KEYS = ["old key"]
    old = rate_token(survey)
    settings.LINK_KEYS = ["new key", "old key"]
    new = rate_token(survey)
    assert old != new
    assert links.find(old, "rate").survey == links.find(new, "rate").survey == survey
    settings.LINK_KEYS = ["new key"]
    assert links.find(old, "rate").survey == survey


def test_a_widget_token_ends_and_is_prolonged_by_asking_again(time_machine):
    from datetime import timedelta

    from django.utils import timezone

    session = make_session("web")
    token, until = links.widget_token(session)
    assert links.find(token, "widget").session == session
    time_machine.move_to(until + timedelta(minutes=1))
    assert links.find(token, "widget") is None
    again, later = links.widget_token(session)
    assert (again, later > timezone.now()) == (token, True)
    assert links.find(token, "widget").session == session


def test_unsubscribing_never_ends(time_machine):
    contact = make_contact()
    token = unsubscribe_token(contact)
    time_machine.move_to("2056-01-01")
    assert links.find(token, "unsubscribe").contact == contact


def test_erasing_revokes_every_link_of_the_contact():
    survey = make_sent_survey()
    session, contact = survey.session, survey.contact
    tokens = [
        (rate_token(survey), "rate"),
        (links.widget_token(session)[0], "widget"),
        (unsubscribe_token(contact), "unsubscribe"),
    ]
    erasure.erase(contact, by=API)
    assert [links.find(token, purpose) for token, purpose in tokens] == [None, None, None]


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("scheduled", "open"),
        ("sent", "open"),
        ("failed", "open"),
        ("answered", "answered"),
        ("cancelled", "withdrawn"),
        ("skipped", "withdrawn"),
        ("expired", "expired"),
    ],
)
def test_what_a_link_may_do_follows_the_survey(survey, state, standing):
    survey.change(state=state)
    assert links.status_of(survey) == standing
