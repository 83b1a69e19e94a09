"""Addresses as mail servers read them."""

import pytest

from csat.lib import mailbox


@pytest.mark.parametrize(
    ("domain", "read", "looked_up"),
    [
        ("Example.COM", "example.com", "example.com"),
        ("xn--exmple-cua.de", "exämple.de", "xn--exmple-cua.de"),
        ("MÜNCHEN.example", "münchen.example", "xn--mnchen-3ya.example"),
        ("mu\u0308nchen.example", "münchen.example", "xn--mnchen-3ya.example"),
        ("例子。广告", "例子.广告", "xn--fsqu00a.xn--4rr70v"),
        ("straße.de", "straße.de", "xn--strae-oqa.de"),
        ("xn--strae-oqa.de", "straße.de", "xn--strae-oqa.de"),
        ("xn--n3h.net", "☃.net", "xn--n3h.net"),
        ("xn--99999999999.example", "xn--99999999999.example", "xn--99999999999.example"),
        ("", "", ""),
    ],
)
def test_a_domain_is_one_however_it_is_written(domain: str, read: str, looked_up: str) -> None:
    """twingly-url#101, morph-browser#377: by IDNA 2003 mail for straße.de went to strasse.de."""
    assert mailbox.to_unicode(domain) == read
    assert mailbox.to_ascii(domain) == looked_up


@pytest.mark.parametrize(
    ("address", "mailed"),
    [
        ("try..this..0511@docomo.ne.jp", '"try..this..0511"@docomo.ne.jp'),
        ("taro.@ezweb.ne.jp", '"taro."@ezweb.ne.jp'),
        ('"doe,jane"@example.com', '"doe,jane"@example.com'),
        ("o'brien+acme@example.com", "o'brien+acme@example.com"),
        ("info@straße.de", "info@xn--strae-oqa.de"),
    ],
)
def test_dots_in_odd_places_are_quoted_in_a_mail(address: str, mailed: str) -> None:
    """kumomta#77, swiftmailer#71, PHPMailer#418"""
    assert mailbox.mailed(address) == mailed


@pytest.mark.parametrize(("quoted", "bare"), [('"a..b"', "a..b"), ('"a b"', '"a b"'), ("a", "a"), ('"', '"')])
def test_quotes_that_say_nothing_go(quoted: str, bare: str) -> None:
    assert mailbox.unquoted(quoted) == bare


def test_only_letters_of_ascii_are_folded() -> None:
    assert mailbox.fold("MiKE@Example.com") == "mike@example.com"
    assert mailbox.fold("mi\u212ae@example.com") == "mi\u212ae@example.com"


@pytest.mark.parametrize(
    ("address", "behind"),
    [
        ("bob+shop@example.com", "bob@example.com"),
        ("ann.lee+x@gmail.com", "annlee@gmail.com"),
        ("annlee@googlemail.com", "annlee@gmail.com"),
        ("ann.lee@example.com", "ann.lee@example.com"),
        ("+x@example.com", "+x@example.com"),
        ('"a+b"@example.com', '"a+b"@example.com'),
    ],
)
def test_the_mailbox_behind_an_address(address: str, behind: str) -> None:
    """nolotiro.org#560, google/code-review-bot#24"""
    assert mailbox.without_tag(address) == behind
