"""Everything a customer may read is there in every language, with every value in its place."""

import re

import polib
import pytest
from django.conf import settings

from csat.lib.extraction import Phrase, phrases
from csat.management.commands.update_translations import wanted

LANGUAGES = {code for code, _name in settings.LANGUAGES} - {"en"}
FILES = {path.parts[-3]: path for path in (settings.BASE_DIR / "csat" / "locale").glob("*/LC_MESSAGES/django.po")}
VALUES = re.compile(r"%\(\w+\)s|%%|\{\w+\}")


def test_there_is_a_file_for_every_language():
    assert {name.replace("_", "-").lower() for name in FILES} == LANGUAGES
    assert len(wanted()) > 70


@pytest.mark.parametrize("name", sorted(FILES))
def test_everything_a_customer_reads_is_translated(name):
    entries = {Phrase(entry.msgid, entry.msgid_plural, entry.msgctxt): entry for entry in polib.pofile(str(FILES[name]))}
    missing = [phrase.text for phrase in wanted() if phrase not in entries or not entries[phrase].translated()]
    assert missing == [], "run manage.py update_translations and translate these"


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_value_is_lost_in_translation(name):
    for entry in polib.pofile(str(FILES[name])).translated_entries():
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            assert sorted(VALUES.findall(text)) == sorted(VALUES.findall(entry.msgid)), entry.msgid


def test_marked_strings_are_found_in_templates_and_python(tmp_path):
    (tmp_path / "page.html").write_text(
        '{% load i18n %}{% translate "One" %}{% blocktranslate count n=3 %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}'
        '{% translate "May" context "month" %}'
    )
    (tmp_path / "words.py").write_text('a = _("It is \'so\'")\nb = pgettext_lazy("verb", "May")\nc = other("no")\n')
    assert phrases(tmp_path / "page.html") == {Phrase("One"), Phrase("%(n)s day", "%(n)s days"), Phrase("May", "", "month")}
    assert phrases(tmp_path / "words.py") == {Phrase("It is 'so'"), Phrase("May", "", "verb")}
