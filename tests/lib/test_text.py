from uuid import UUID

import pytest

from csat.lib.text import as_uuid, clean, clean_json, fold, fold_phrase, greetable, identifier, one_line


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Nadia\r\nBcc: x", "Nadia Bcc: x"),
        (" a\u2028b\u2029c\x85d\te ", "a b c d e"),
        ("a\x00b\x7f\ud800", "a b"),
        ("نادية 李娜 👩‍💻", "نادية 李娜 👩‍💻"),
    ],
)
def test_a_name_is_one_line_and_nothing_of_it_is_lost(told, kept):
    assert one_line(told) == kept


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Ann\u202e", "Ann"),
        ("\u2066Ann\u2069 \u202dLee\u202c", "Ann Lee"),
        ("\u200fAnn\u061c", "Ann"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("Support Ko\u0308ln", "Support K\u00f6ln"),
        ("\uac01", "\uac01"),
        ("\u1100\u1161\u11a8", "\uac01"),
        ("Sup\u200bport\ufeff", "Support"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u200b\u2060", ""),
    ],
)
def test_names_that_look_the_same_are_the_same(told: str, kept: str) -> None:
    """mastodon#1095: an override ends with the name; jphototagger#5: macOS writes letters in parts;
    strichliste-web#48: a zero-width space makes a second name.
    """
    assert one_line(told) == kept


def test_an_id_of_a_machine_stays_as_the_machine_gave_it() -> None:
    assert identifier(" cafe\u0301-1\r\n") == "cafe\u0301-1"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("good\u202e", "good"),
        ("\u202eevil\u202c fine", "evil fine"),
        ("\u2067שלום", "\u2067שלום\u2069"),
        ("\u2067one\ntwo\u2069", "\u2067one\u2069\ntwo"),
        ("\u202bone \u2066two", "\u202bone \u2066two\u2069\u202c"),
        ("\u2066one \u202btwo\u2069 three", "\u2066one \u202btwo\u202c\u2069 three"),
        ("\u202bone \u2066two\u202c\u2069\u202c", "\u202bone \u2066two\u2069\u202c"),
        ("שלום\u200f!", "שלום\u200f!"),
        ("Zoe\u0308", "Zo\u00eb"),
    ],
)
def test_no_line_of_a_text_turns_round_what_stands_behind_it(told: str, kept: str) -> None:
    """chatmail/core#3479, Nheko#1796: what a text opens ends with its line."""
    assert clean(told) == kept


@pytest.mark.parametrize(
    "name",
    [
        "You won 5000 EUR! claim at https://evil.example/x",
        "WWW.evil.example",
        "claim at evil.example/x",
        "jane@example.com",
    ],
)
def test_an_advertisement_is_no_name_to_greet_with(name: str) -> None:
    """otterwiki#235, theyworkforyou#1603, forem#21421"""
    assert greetable(name) == ""


@pytest.mark.parametrize("name", ["Nadia Berg", "Dr. J. van der Berg", "@ana", "R&D / Ops", "李娜", ""])
def test_a_name_is_greeted(name: str) -> None:
    assert greetable(name) == name


def test_a_text_keeps_its_lines_but_not_what_no_database_keeps():
    assert clean("  Dear\r\n\tNadia\x00\ud800\x1b ") == "Dear\r\n\tNadia"


def test_json_is_cleaned_all_the_way_down():
    assert clean_json({"a\x00": [{"b": "c\x00"}, 1, None, True, 2.5]}) == {
        "a": [{"b": "c"}, 1, None, True, 2.5]
    }


def test_a_uuid_is_read_in_every_spelling():
    known = UUID("a1d8f5c3-40b7-4e29-96fa-5c2e7b0d3194")
    assert {as_uuid(text) for text in (str(known), known.hex, str(known).upper(), known)} == {known}


@pytest.mark.parametrize("told", ["", "-" * 36, "0" * 31, "../../etc/passwd", "z" * 32, None, 7, ["a"], {}])
def test_anything_else_is_no_uuid(told):
    assert as_uuid(told) is None


@pytest.mark.parametrize(
    ("typed", "folded"),
    [("SEHR GUT", "sehr gut"), ("Très", "tres"), ("słabo", "slabo"), ("İyi", "iyi"), ("can’t", "can't")],
)
def test_accents_and_capitals_make_no_difference(typed: str, folded: str) -> None:
    assert fold_phrase(typed) == folded


@pytest.mark.parametrize("word", [chr(code) for code in range(128)] + ["Don't", "ABC-9", ""])
def test_plain_letters_are_folded_as_all_others_are(word: str) -> None:
    assert fold(word) == fold(f"{word}é").removesuffix("e")
