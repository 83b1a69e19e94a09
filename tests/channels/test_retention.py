"""The outbox forgets what is old; tests/surveys/rules/test_retention.py holds a word of each kind to it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels import retention
from csat.channels.outbox import SandboxMessage
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def test_a_message_goes_when_it_is_older_than_that():
    plant("sandbox_messages", "old", days=2)
    plant("sandbox_messages", "young", days=1)
    before = timezone.now() - timedelta(days=1.5)
    assert (retention.count(before), retention.drop(before), retention.count(before)) == (1, 1, 0)
    assert SandboxMessage.objects.get().text == "young"
