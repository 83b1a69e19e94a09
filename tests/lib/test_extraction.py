"""The strings that a file marks for translation, read without gettext's own tools."""

from pathlib import Path

import pytest

from csat.lib.extraction import Phrase, phrases


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_every_way_of_marking_in_python_is_read(write) -> None:
    path = write(
        "a.py",
        '_("One")\ngettext_lazy("T" "wo")\nngettext("%d cat", "%d cats", n)\npgettext("month", "May")\n'
        'translation.gettext("Three")\nprint("Not this")\n_(variable)\n',
    )
    assert phrases(path) == {
        Phrase("One"),
        Phrase("Two"),
        Phrase("%d cat", "%d cats"),
        Phrase("May", context="month"),
        Phrase("Three"),
    }


def test_one_class_of_a_file_can_be_read_alone(write) -> None:
    path = write("a.py", 'class A:\n    x = _("Ours")\n\nclass B:\n    x = _("Theirs")\n')
    assert phrases(path, "A") == {Phrase("Ours")}


def test_a_template_is_read_with_its_plurals_and_contexts(write) -> None:
    path = write(
        "a.html",
        '{% load i18n %}{% translate "One" %}{% translate "May" context "month" %}{{ _("Two") }}'
        "{% blocktranslate count n=n %}{{ n }} cat{% plural %}{{ n }} cats{% endblocktranslate %}"
        "<p>Not this</p>",
    )
    assert phrases(path) == {
        Phrase("One"),
        Phrase("Two"),
        Phrase("May", context="month"),
        Phrase("%(n)s cat", "%(n)s cats"),
    }
