"""Kinds are known in the order in which they were registered, and a slice is no more than a slice."""

from datetime import timedelta

import pytest
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.lib import retention
from tests.old_rows import plant


def test_every_room_has_registered_its_kinds_once():
    names = retention.names()
    assert names == [kind.name for kind in retention.kinds()]
    retention.register(*retention.kinds())
    assert retention.names() == names
    assert retention.of_a_new_installation()["webhook_bodies"] == 30


@pytest.mark.django_db
def test_a_slice_takes_so_many_rows_the_oldest_first():
    for days in (9, 8, 7):
        plant("sandbox_messages", str(days), days=days)
    rows = SandboxMessage.objects.filter(created_at__lt=timezone.now() - timedelta(days=1))
    assert retention.delete_slice(rows, size=2) == 2
    assert [row.text for row in SandboxMessage.objects.all()] == ["7"]
    assert (retention.delete_slice(rows), retention.delete_slice(rows)) == (1, 0)
