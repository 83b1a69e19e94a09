"""What a row may do with a value."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csat.connectors.mapping import transforms
from csat.lib.refusal import Invalid

AT = datetime(2026, 11, 20, 11, 1, 40, tzinfo=UTC)


def applied(spoken: str, *values: str):
    return transforms.apply(*transforms.parse(spoken), list(values))


@pytest.mark.parametrize(
    ("spoken", "values", "result"),
    [
        ("lower", ["Ana@Example.COM"], ["ana@example.com"]),
        ("strip_html", ["<p>Hello<br>you &amp; me</p>"], ["Hello\nyou & me"]),
        ("strip_html", ["<![broken["], ["<![broken["]),
        ("strip_html", ["<style>p {}</style><p>1 < 2</p><script>x<b></script>"], ["1 < 2"]),
        ("strip_html", ["<p></p>"], []),
        ("join_space", ["Ana", "Example"], ["Ana Example"]),
        ("split_comma", ["billing, vip ,"], ["billing", "vip"]),
        ("split_comma", ["['billing', 'vip']"], ["billing", "vip"]),
        ("split_comma", ['["billing"]', "x"], ["billing", "x"]),
        ("e164(DE)", ["0151 12345678"], ["+4915112345678"]),
        ("e164( de )", ["+1 202-555-0143"], ["+12025550143"]),
        ("e164(DE)", ["call me"], ["call me"]),
        ("iso8601", ["2026-11-20T11:01:40Z"], [AT]),
        ("iso8601", ["2026-11-20T11:01:40.000+0000"], [AT]),
        ("iso8601", ["2026-11-20T11:01:40"], [AT]),
        ("iso8601", ["yesterday"], []),
        ("epoch_s", ["1795172500"], [AT]),
        ("epoch_ms", ["1795172500000"], [AT]),
        ("epoch_s", ["nan"], []),
        ("epoch_s", ["1e300"], []),
        ("epoch_ms", ["-5"], []),
        ("language", ["de_AT"], ["de-AT"]),
        ("language", ["pt-BR,pt;q=0.9"], ["pt-BR"]),
    ],
)
def test_a_value_is_changed_as_its_transform_says(spoken, values, result):
    assert applied(spoken, *values) == result


@pytest.mark.parametrize(
    "spoken", ["upper", "e164", "e164()", "e164(XX)", "e164(49)", "lower(x)", "lower()x", "__import__", "("]
)
def test_what_is_no_transform_is_refused(spoken):
    with pytest.raises(Invalid):
        transforms.parse(spoken)


@given(st.sampled_from([*transforms.TRANSFORMS]), st.lists(st.text(min_size=1, max_size=50), max_size=3))
def test_no_text_makes_a_transform_raise(name, values):
    transforms.apply(name, "DE" if name == "e164" else "", values)


@pytest.mark.timeout(5)
@pytest.mark.parametrize("part", ["<a ", "<", "<!--", "<script", "<a b='", "</style", "<br", "&"])
def test_a_message_made_to_be_slow_is_not(part):
    applied("strip_html", part * 100_000)
