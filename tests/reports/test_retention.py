"""Files of exports go with their rows; one that is under way stays, however old."""

import pytest
from django.utils import timezone

from csat.reports import retention
from csat.reports.models import Export
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def test_a_running_export_is_not_taken_away(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    plant("exports", "word", days=9)
    plant("exports", "word", days=9)
    Export.objects.filter(pk=Export.objects.latest("pk").pk).update(state="running")
    now = timezone.now()
    assert (retention.count(now), retention.drop(now), retention.drop(now)) == (1, 1, 0)
    assert Export.objects.get().state == "running"
