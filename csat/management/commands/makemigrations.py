"""manage.py makemigrations: Django's, but for changes of columns only."""

from django.core.management.commands import makemigrations

from csat.lib.migrations import ColumnsOnly


class Command(makemigrations.Command):
    autodetector = ColumnsOnly
