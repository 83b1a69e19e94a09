"""Bring csat/locale/*.po up to date with what customers read; new strings are left to a translator."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand

from csat.lib import translations
from csat.lib.extraction import Phrase, phrases

# Files with texts for customers, or (file.py::Class) the one class with them. The texts of a channel are in
# its templates; its Python file has texts for staff. Staff pages are translatable, but English only so far.
CUSTOMERS_READ = (
    "templates/base_public.html",
    "templates/404.html",
    "templates/500.html",
    "templates/503.html",
    "templates/rating/*",
    "templates/unsubscribing/*",
    "templates/widget/*",
    "templates/channels/*/*",
    "csat/channels/replies/confirmations.py",
    "csat/channels/transports/slack_replies.py",
    "csat/channels/rendering.py",
    "csat/scale.py",
    "csat/surveys/choices.py::About",
    "csat/web/customer/*.py",
)


def customer_phrases() -> dict[Phrase, list[str]]:
    """Every phrase that customers may read, with the files that contain it."""
    files_by_phrase: dict[Phrase, list[str]] = {}
    for pattern in CUSTOMERS_READ:
        files, _colons, part = pattern.partition("::")
        for path in sorted(settings.BASE_DIR.glob(files)):
            for phrase in sorted(phrases(path, part), key=str):
                file = str(path.relative_to(settings.BASE_DIR))
                files_by_phrase.setdefault(phrase, []).append(file)
    return files_by_phrase


class Command(BaseCommand):
    help = "Add new customer-facing strings to csat/locale/*.po and drop those no longer used."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        wanted = customer_phrases()
        for source in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po")):
            untranslated = translations.update(source, wanted)
            self.stdout.write(f"{source.parts[-3]}: {untranslated} to translate")
