import gettext
import os

from csat.lib import translations

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
