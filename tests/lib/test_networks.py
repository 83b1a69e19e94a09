"""Networks as people write them."""

import pytest

from csat.lib import networks


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        (" 203.0.113.0/24 ", "203.0.113.0/24"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("203.0.113.0/255.255.255.0", "203.0.113.0/24"),
        ("2001:DB8:0:0::/32", "2001:db8::/32"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.0/120", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
    ],
)
def test_a_network_is_written_one_way(typed: str, canonical: str) -> None:
    assert networks.parse(typed) == canonical


@pytest.mark.parametrize("typed", ["", "acme.example", "203.0.113", "203.0.113.0/33", "::1/129", "1.2.3.4/a"])
def test_what_is_no_network_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        networks.parse(typed)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("203.0.113.255", True),
        ("203.0.114.0", False),
        ("198.51.100.7", True),
        ("2001:db8:ffff::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_lies_in_one_of_them_or_not(address: str, inside: bool) -> None:
    assert networks.contain(["203.0.113.0/24", "198.51.100.7", "2001:db8::/32"], address) is inside
