"""Links that have expired go; a revoked one stays, so that its token never opens anything again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.surveys import links, retention
from csat.surveys.models import Link, Survey
from csat.timeline.recording import SYSTEM
from tests.factories import make_sent_survey

pytestmark = pytest.mark.django_db


def test_rating_links_end_with_their_survey_and_the_way_to_opt_out_never_does():
    survey = make_sent_survey()
    assert retention.count(timezone.now()) == 0
    Survey.objects.filter(pk=survey.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert (retention.count(timezone.now()), retention.drop(timezone.now())) == (1, 1)
    assert [link.purpose for link in Link.objects.all()] == ["unsubscribe"]


def test_a_revoked_link_stays():
    survey = make_sent_survey()
    links.revoke(Link.objects.get(purpose="rate"), by=SYSTEM)
    Survey.objects.filter(pk=survey.pk).update(expires_at=timezone.now() - timedelta(days=1))
    assert retention.drop(timezone.now()) == 0


def test_a_copied_link_that_went_is_never_handed_out_again(manager_user, time_machine):
    survey = make_sent_survey()
    first, link = links.copy_for(survey, by=manager_user)
    time_machine.move_to(link.expires_at + timedelta(days=1))
    assert retention.drop(timezone.now()) == 1
    assert links.copy_for(survey, by=manager_user)[0] != first
