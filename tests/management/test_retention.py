"""manage.py retention: the same as every night, or what it would take."""

from io import StringIO

import pytest
from django.core.management import call_command

from csat.channels.outbox import SandboxMessage
from csat.timeline.models import Event
from tests.old_rows import plant

pytestmark = pytest.mark.django_db


def said(*options):
    out = StringIO()
    call_command("retention", *options, stdout=out)
    return out.getvalue()


def test_it_says_what_would_go_and_takes_it_when_told_to():
    plant("sandbox_messages", "old", days=31)
    dry = said("--dry-run")
    assert "sandbox_messages: 1 after 30 days\n" in dry
    assert "messages: kept for ever\n" in dry
    assert SandboxMessage.objects.exists()
    assert said() == "sandbox_messages: 1 gone\n"
    assert Event.objects.get(data__what="settings.retention_run").actor_name == "manage.py"
    assert said() == "nothing is older than it is kept\n"
