import pytest
from hypothesis import given
from hypothesis import strategies as st

from csat.lib import colour

colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def test_contrast_is_what_wcag_says():
    assert colour.contrast("#000000", "#ffffff") == 21
    assert colour.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)  # the well known near miss


def test_a_readable_colour_stays_itself():
    assert colour.readable("#2F5FD0", on="#ffffff") == "#2f5fd0"


@given(colours)
def test_any_brand_can_be_read_on_light_and_on_dark_paper(brand):
    assert colour.contrast(colour.readable(brand, on="#ffffff"), "#ffffff") >= 4.5
    assert colour.contrast(colour.readable(brand, on="#15171c"), "#15171c") >= 4.5


def test_yellow_is_darkened_and_navy_lightened():
    assert colour.readable("#ffe600", on="#ffffff") != "#ffe600"
    assert colour.readable("#000080", on="#15171c") != "#000080"
