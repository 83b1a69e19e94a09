"""manage.py version: of the code, and whether the database is of the same."""

import platform
from typing import Any

import django
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from csat.lib import schema


class Command(BaseCommand):
    help = (
        "Prints the versions; exits 1 when the database is not the one this version's code was written for."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(
            f"CSAT {settings.VERSION}, Django {django.__version__}, Python {platform.python_version()}"
        )
        try:
            difference = schema.difference()
            server = ".".join(map(str, connection.get_database_version()))
        except DatabaseError as error:
            raise CommandError(f"The database does not answer: {error}") from error
        self.stdout.write(f"{connection.display_name} {server}")
        if difference.missing:
            missing = ", ".join(difference.missing)
            raise CommandError(f"The database is older than the code; manage.py migrate adds {missing}.")
        if difference.unknown:
            unknown = ", ".join(difference.unknown)
            raise CommandError(f"The database is newer than the code, by {unknown}: install that version.")
        self.stdout.write("The database matches this version.")
