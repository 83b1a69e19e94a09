"""A run without the bodies of its steps stays in the log; one that failed can no longer be retried."""

import pytest
from django.utils import timezone

from csat.lib.refusal import Refused
from csat.timeline.recording import SYSTEM
from csat.workflows import retention, running
from csat.workflows.models import Run
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def test_a_failed_run_is_not_retried_on_steps_that_brought_nothing():
    plant("step_bodies", "zyxmark", days=9)
    now = timezone.now()
    assert (retention.count(now), retention.drop(now), retention.drop(now)) == (2, 2, 0)
    failed = Run.objects.get(state="failed")
    with pytest.raises(Refused, match="no longer kept: it cannot be retried"):
        running.retry(failed, by=SYSTEM)
    assert failed.again().state == "failed"


def test_a_run_that_goes_on_is_left_alone():
    plant("step_bodies", "zyxmark", days=9)
    Run.objects.update(state="waiting", finished_at=None)
    assert retention.count(timezone.now()) == 0
