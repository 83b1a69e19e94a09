"""Bring csat/locale/*.po up to date with what customers read; new strings are left to a translator."""

from pathlib import Path
from typing import Any

import polib
from django.conf import settings
from django.core.management.base import BaseCommand

from csat.lib.extraction import Phrase, phrases

# every file with words for customers; staff pages are translatable too, but in English until someone needs them
CUSTOMERS_READ = (
    "templates/base_public.html",
    "templates/404.html",
    "templates/500.html",
    "templates/rating/*",
    "templates/unsubscribing/*",
    "templates/widget/*",
    "templates/channels/*/*",
    "csat/channels/answers.py",
    "csat/channels/faces.py",
    "csat/channels/email.py",
    "csat/channels/mailing.py",
    "csat/channels/phone_voice.py",
    "csat/channels/slack.py",
    "csat/channels/transports/slack_answers.py",
    "csat/channels/sms.py",
    "csat/channels/texting.py",
    "csat/channels/web.py",
    "csat/channels/web_voice.py",
    "csat/channels/whatsapp.py",
    "csat/channels/wording.py",
    "csat/surveys/about.py",
    "csat/web/customer/*.py",
)


def wanted() -> dict[Phrase, list[str]]:
    """Every phrase customers may read, with the files it stands in."""
    found: dict[Phrase, list[str]] = {}
    for pattern in CUSTOMERS_READ:
        for path in sorted(settings.BASE_DIR.glob(pattern)):
            for phrase in sorted(phrases(path), key=str):
                found.setdefault(phrase, []).append(str(path.relative_to(settings.BASE_DIR)))
    return found


class Command(BaseCommand):
    help = "Add new customer-facing strings to csat/locale/*.po and drop those no longer used."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        for source in sorted(Path(settings.LOCALE_PATHS[0]).glob("*/LC_MESSAGES/django.po")):
            untranslated = _update(source)
            self.stdout.write(f"{source.parts[-3]}: {untranslated} to translate")


def _update(source: Path) -> int:
    old = polib.pofile(str(source))
    before = {(entry.msgid, entry.msgctxt): entry for entry in old}
    new = polib.POFile(wrapwidth=120)
    new.metadata = old.metadata
    for phrase, files in wanted().items():
        known = before.get((phrase.text, phrase.context))
        new.append(
            polib.POEntry(
                msgid=phrase.text,
                msgid_plural=phrase.plural,
                msgctxt=phrase.context,
                msgstr=known.msgstr if known else "",
                msgstr_plural=known.msgstr_plural if known else {},
                occurrences=[(file, "") for file in files],
                flags=["python-format"] if "%(" in phrase.text else [],
            )
        )
    new.save(str(source))
    return len(new.untranslated_entries())
