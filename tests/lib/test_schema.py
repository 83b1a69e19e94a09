"""Code and database of two versions are told apart, both ways."""

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from csat.lib import schema

pytestmark = pytest.mark.django_db


def newest() -> str:
    """Our newest migration."""
    [(_app, name)] = MigrationLoader(None).graph.leaf_nodes("csat")
    return str(name)


def test_after_migrate_there_is_no_difference():
    assert schema.difference() == schema.Difference()


def test_an_older_database_lacks_migrations_and_a_newer_one_has_more():
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("csat", newest())
    recorder.record_applied("csat", "9999_of_a_later_version")
    difference = schema.difference()
    assert difference.missing == (f"csat.{newest()}",)
    assert difference.unknown == ("csat.9999_of_a_later_version",)


def test_what_an_app_left_that_is_no_longer_installed_is_no_difference():
    MigrationRecorder(connection).record_applied("axes", "0001_initial")
    assert schema.difference() == schema.Difference()
