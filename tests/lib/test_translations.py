import gettext
import os

from csat.lib import translations
from csat.lib.extraction import Phrase

PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "Send"\nmsgstr "{}"\n'


def po(folder, text):
    source = folder / "de" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(PO.format(text))
    return source


def test_a_translation_is_compiled_once(tmp_path):
    source = po(tmp_path, "Senden")
    assert translations.compile_stale(tmp_path) == [source.with_suffix(".mo")]
    assert gettext.translation("django", tmp_path, ["de"]).gettext("Send") == "Senden"
    assert translations.compile_stale(tmp_path) == []


def test_a_changed_translation_is_compiled_again(tmp_path):
    source = po(tmp_path, "Senden")
    (compiled,) = translations.compile_stale(tmp_path)
    po(tmp_path, "Abschicken")
    os.utime(compiled, (0, 0))
    assert translations.compile_stale(tmp_path) == [compiled]
    assert b"Abschicken" in compiled.read_bytes()
    assert sorted(path.name for path in source.parent.iterdir()) == ["django.mo", "django.po"]


def test_what_is_no_longer_said_goes_and_what_is_new_waits_for_a_translator(tmp_path):
    source = po(tmp_path, "Senden")
    found = {
        Phrase("Send"): ["a.html", "b.py"],
        Phrase("%(n)s day", "%(n)s days"): ["a.html"],
        Phrase("May", context="month"): ["b.py"],
    }
    assert translations.update(source, found) == 2
    assert translations.update(source, {Phrase("May"): ["b.py"], Phrase("Send"): ["b.py"]}) == 1
    text = source.read_text()
    assert text.endswith('#: b.py\nmsgid "May"\nmsgstr ""\n\n#: b.py\nmsgid "Send"\nmsgstr "Senden"\n')
    assert text.startswith(PO.split("\n\n")[0])
    assert "day" not in text
