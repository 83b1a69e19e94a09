"""Compile csat/locale/*.po where the .mo is missing or stale."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from csat.lib import translations


class Command(BaseCommand):
    help = "Compile the translations that changed."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        for folder in settings.LOCALE_PATHS:
            for written in translations.compile_stale(Path(folder)):
                self.stdout.write(str(written))
