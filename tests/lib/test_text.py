import pytest

from csat.lib.text import clean, clean_json, one_line


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


def test_a_text_keeps_its_lines_but_not_what_no_database_keeps():
    assert clean("  Dear\r\n\tNadia\x00\ud800\x1b ") == "Dear\r\n\tNadia"


def test_json_is_cleaned_all_the_way_down():
    assert clean_json({"a\x00": [{"b": "c\x00"}, 1, None, True, 2.5]}) == {"a": [{"b": "c"}, 1, None, True, 2.5]}
