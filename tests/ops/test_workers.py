"""The queue with real workers: what is enqueued on commit is done by another process."""

import pytest

from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM, record
from tests import workers

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]


def test_a_fact_is_handed_over_by_the_outward_worker():
    with workers.cluster("outward"):
        fact = record(Kind.SESSION_CREATED, by=SYSTEM, session_id=1)
        assert workers.wait_for(lambda: Event.objects.get(pk=fact.pk).dispatched_at)
