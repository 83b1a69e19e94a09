"""Words given for a session: cleaned, or refused under the name they were given for."""

import pytest

from csat.lib.refusal import Invalid
from csat.sessions import cleaning


def test_a_body_keeps_its_lines_and_a_line_does_not() -> None:
    assert cleaning.body(" Hello\nthere ", "text") == "Hello\nthere"
    assert cleaning.line(" Hello\nthere ", 20, "subject") == "Hello there"


def test_an_id_is_kept_as_the_other_system_spells_it() -> None:
    assert cleaning.identifier("cafe\u0301-1", 20, "external_id") == "cafe\u0301-1"
    assert cleaning.line("cafe\u0301", 20, "subject") == "caf\u00e9"


def test_no_line_is_an_empty_one_but_a_body_says_something() -> None:
    assert cleaning.line(None, 20, "subject") == ""
    with pytest.raises(Invalid) as invalid:
        cleaning.body(" \n ", "text")
    assert invalid.value.fields == {"text": ["Write something."]}


@pytest.mark.parametrize("value", [5, ["Hello"], {"a": 1}])
def test_what_is_no_text_is_refused(value: object) -> None:
    for clean in (lambda: cleaning.body(value, "text"), lambda: cleaning.line(value, 20, "text")):
        with pytest.raises(Invalid) as invalid:
            clean()
        assert invalid.value.fields == {"text": ["Give a text."]}


def test_what_is_too_long_is_refused_and_not_cut() -> None:
    assert cleaning.line("x" * 20, 20, "subject") == "x" * 20
    with pytest.raises(Invalid):
        cleaning.line("x" * 21, 20, "subject")
    with pytest.raises(Invalid):
        cleaning.body("x" * (cleaning.MAX_BODY + 1), "text")
