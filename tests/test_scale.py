"""The scale is decided in one place."""

import re

from django.conf import settings
from django.utils import translation

from csat import scale

BARE = re.compile(r"score\w*(\.score)? ?(<=|<|>=|>) ?[2345]\b|score__(lte|lt|gte|gt)=\d")


def test_one_and_two_are_low_and_four_and_five_satisfied():
    assert [score for score in scale.SCORES if scale.is_low(score)] == [1, 2]
    assert [score for score in scale.SCORES if scale.is_satisfied(score)] == [4, 5]


def test_machines_read_english_words_whatever_the_language():
    with translation.override("de"):
        assert scale.words(5) == {"score": 5, "label": "Excellent", "emoji": "😍"}


def test_no_other_file_decides_by_a_bare_number_what_is_low_or_satisfied():
    code = [path for path in (settings.BASE_DIR / "csat").rglob("*.py") if "migrations" not in path.parts]
    pages = list((settings.BASE_DIR / "templates").rglob("*.html"))
    assert [str(path) for path in code + pages if BARE.search(path.read_text())] == []
