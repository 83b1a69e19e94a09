"""manage.py version."""

from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.lib.test_schema import newest

pytestmark = pytest.mark.django_db


def version() -> str:
    out = StringIO()
    call_command("version", stdout=out)
    return out.getvalue()


def test_it_tells_the_versions_and_that_the_database_fits():
    text = version()
    assert text.startswith(f"CSAT {settings.VERSION}, Django 5.2")
    assert connection.display_name in text
    assert text.endswith("The database is of this version.\n")


def test_a_database_of_a_later_version_fails_and_names_what_it_has():
    MigrationRecorder(connection).record_applied("csat", "9999_later")
    with pytest.raises(CommandError, match=r"newer than the code, by csat.9999_later"):
        version()


def test_a_database_of_an_earlier_version_fails_and_says_what_to_do():
    MigrationRecorder(connection).record_unapplied("csat", newest())
    with pytest.raises(CommandError, match=rf"migrate adds csat\.{newest()}"):
        version()
