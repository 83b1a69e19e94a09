"""Everything a customer may read is there in every language, with every value in its place."""

import gettext
import re

import pytest
from django.conf import settings

from csat.lib import translations
from csat.lib.extraction import Phrase, phrases
from csat.management.commands.update_translations import customer_phrases

LANGUAGES = {code for code, _name in settings.LANGUAGES} - {"en"}
FILES = {
    path.parts[-3]: path for path in (settings.BASE_DIR / "csat" / "locale").glob("*/LC_MESSAGES/django.po")
}
VALUES = re.compile(r"%\(\w+\)s|%%|\{\w+\}")


def test_there_is_a_file_for_every_language():
    assert {name.replace("_", "-").lower() for name in FILES} == LANGUAGES
    assert len(customer_phrases()) > 70


@pytest.mark.parametrize("name", sorted(FILES))
def test_everything_a_customer_reads_is_translated(name):
    known = {_phrase(message) for message in _messages(name) if translations.is_translated(message)}
    missing = [phrase.text for phrase in customer_phrases() if phrase not in known]
    assert missing == [], "run manage.py update_translations and translate these"


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_value_is_lost_in_translation(name):
    for message in _messages(name):
        text = _phrase(message).text
        for translated in filter(
            None, [message.string] if isinstance(message.string, str) else message.string
        ):
            assert sorted(VALUES.findall(translated)) == sorted(VALUES.findall(text)), text


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_compiled_is_what_was_translated(name):
    """Every form of every message, by gettext as Django reads it."""
    with FILES[name].with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for message in _messages(name):
        text, plural, context = _phrase(message)
        if not plural:
            assert (compiled.pgettext(context, text) if context else compiled.gettext(text)) == message.string
        else:
            assert {compiled.ngettext(text, plural, n) for n in range(200)} <= set(message.string)


def _messages(name):
    return [message for message in translations.read(FILES[name]) if message.id]


def _phrase(message):
    text, plural = (message.id, "") if isinstance(message.id, str) else message.id
    return Phrase(text, plural, message.context)


def test_marked_strings_are_found_in_templates_and_python(tmp_path):
    (tmp_path / "page.html").write_text(
        '{% load i18n %}{% translate "One" %}'
        "{% blocktranslate count n=3 %}{{ n }} day{% plural %}{{ n }} days{% endblocktranslate %}"
        '{% translate "May" context "month" %}'
    )
    (tmp_path / "words.py").write_text(
        'a = _("It is \'so\'")\nb = pgettext_lazy("verb", "May")\nc = other("no")\n'
    )
    assert phrases(tmp_path / "page.html") == {
        Phrase("One"),
        Phrase("%(n)s day", "%(n)s days"),
        Phrase("May", "", "month"),
    }
    assert phrases(tmp_path / "words.py") == {Phrase("It is 'so'"), Phrase("May", "", "verb")}


def test_of_a_python_file_one_class_alone_may_be_what_customers_read(tmp_path):
    (tmp_path / "choices.py").write_text(
        'class About:\n    HELP = _("help")\n\n\nclass State:\n    OPEN = _("open")\n'
    )
    assert phrases(tmp_path / "choices.py", "About") == {Phrase("help")}
