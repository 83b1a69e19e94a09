"""What is somebody's own words, and what only looks like them."""

import pytest

from csat.lib.word_removal import without


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("ok", ""),
        ("That is ok", "That is ok"),
        ({"comment": "ok", "text": ["ok", "took"]}, {"comment": "", "text": ["", "took"]}),
        (7, 7),
    ],
)
def test_a_short_comment_goes_where_it_stands_alone(value, left):
    assert without(value, ["ok"]) == left


def test_where_it_is_quoted_a_short_one_goes_too_but_no_part_of_another_word():
    assert without("“ok” took 2", ["ok"], quoted=True) == "“” took 2"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("You wrote “bad”. Not bad!", "You wrote “”. Not bad!"),
        ("«bad» or 'bad'", "«» or ''"),
        ("Hello\n> bad\nWhy bad?", "Hello\n> \nWhy bad?"),
    ],
)
def test_a_short_one_in_quotation_marks_or_on_a_line_of_its_own_is_a_quotation(text, left):
    assert without(text, ["bad"]) == left


def test_one_of_several_lines_goes_where_a_mail_marks_each():
    assert without("Hello\n> never\n> again\nBye", ["never\nagain"]) == "Hello\n> \nBye"


def test_a_long_one_goes_wherever_it_is():
    assert without({"a": "He said: it is still broken!"}, ["it is still broken"]) == {"a": "He said: !"}


def test_of_several_the_longest_goes_first():
    assert without("broken since Monday", ["broken", "broken since Monday"], quoted=True) == ""
