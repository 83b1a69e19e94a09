"""A sign of life from each cluster."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.timeline import heartbeat
from csat.timeline.models import Heartbeat

pytestmark = pytest.mark.django_db


def test_the_last_beat_of_each_cluster_is_kept_and_no_other(time_machine):
    start = timezone.now()
    for minutes in (0, 1):
        time_machine.move_to(start + timedelta(minutes=minutes), tick=False)
        heartbeat.beat("urgent")
    assert heartbeat.last_beat("urgent") - start == timedelta(minutes=1)
    assert Heartbeat.objects.count() == 1


def test_a_cluster_that_never_ran_has_none():
    heartbeat.beat("urgent")
    assert heartbeat.last_beat("slow") is None
