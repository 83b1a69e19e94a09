"""manage.py migrate: Django's, but it reports unmigrated changes of columns only."""

from django.core.management.commands import migrate

from csat.lib.migrations import ColumnsOnly


class Command(migrate.Command):
    autodetector = ColumnsOnly
