"""manage.py version."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests import installations
from tests.newest import newest_migration

pytestmark = pytest.mark.django_db


def version() -> str:
    out = StringIO()
    call_command("version", stdout=out)
    return out.getvalue()


def test_it_tells_the_versions_and_that_the_database_fits():
    text = version()
    assert text.startswith(f"CSAT {settings.VERSION}, Django 5.2")
    assert connection.display_name in text
    assert text.endswith("The database matches this version.\n")


def test_a_database_of_a_later_version_fails_and_names_what_it_has():
    MigrationRecorder(connection).record_applied("csat", "9999_later")
    with pytest.raises(CommandError, match=r"newer than the code, by csat.9999_later"):
        version()


def test_a_database_of_an_earlier_version_fails_and_says_what_to_do():
    newest = newest_migration()
    MigrationRecorder(connection).record_unapplied("csat", newest)
    with pytest.raises(CommandError, match=rf"migrate adds csat\.{newest}"):
        version()


def test_the_command_line_asks_this_command_and_not_django_for_its_own_number(tmp_path: Path):
    with installations.empty(tmp_path / "new") as new:
        said = new.manage("version", fails=True)
    assert re.search(rf"older than the code; manage.py migrate adds .*csat\.{newest_migration()}", said)
