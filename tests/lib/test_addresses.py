"""The guard: no spelling of an inside address gets through,
neither when it is saved nor when it is dialled."""

import ipaddress
import socket
from typing import Any

import pytest

from csat.lib import addresses, http
from csat.lib.outcomes import Never, Retry
from csat.lib.refusal import Invalid

INSIDE = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",  # the cloud's metadata
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "64:ff9b:1::808:808",
    "64:ff9b:1:7f00:0:100:808:808",  # RFC 6052: of a /48 the IPv4 address stands after it, not at the end
    "64:ff9b:1:808:8:800::",
    "3fff::1",
    "3fff:fff:ffff::1",
    "5f00::1",
    "100::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::",  # Teredo with an inside server
    "2001:0:808:808:0:0:80ff:fffe",  # Teredo with an inside client: 127.0.0.1 inverted
]
OUTSIDE = [
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_an_inside_address_is_not_public(address: str):
    assert not addresses.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_an_outside_address_is(address: str):
    assert addresses.is_public(ipaddress.ip_address(address))


def url_of(address: str) -> str:
    return f"https://[{address}]/hook" if ":" in address else f"https://{address}/hook"


SPELLINGS = [
    "http://localhost/",
    "http://LOCALHOST./",
    "http://2130706433/",  # 127.0.0.1 as one number
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://[::ffff:7f00:1]/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127.0.0.1:8000/",
    "http://[::1]:8000/",
]


@pytest.mark.parametrize("url", [*map(url_of, INSIDE), *SPELLINGS])
def test_no_spelling_is_saved(url: str):
    with pytest.raises(Invalid):
        http.refuse_address(url)


@pytest.mark.parametrize("url", [*map(url_of, INSIDE), *SPELLINGS])
def test_no_spelling_is_dialled(url: str, monkeypatch: pytest.MonkeyPatch):
    dialled: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *args, **_: dialled.append(args))
    with pytest.raises((Never, Retry)):
        http.request("POST", url, content=b"{}")
    assert dialled == []


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_inside_is_refused_both_times(address: str, monkeypatch: pytest.MonkeyPatch):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, 1, 6, "", (address, 443))])
    with pytest.raises(Invalid, match="not a public address"):
        http.refuse_address("https://innocent.example/")
    with pytest.raises(http.Blocked):
        http.request("POST", "https://innocent.example/")


def test_one_inside_address_among_many_is_enough(monkeypatch: pytest.MonkeyPatch):
    rows = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    with pytest.raises(http.Blocked):
        http.request("POST", "https://mixed.example/")


def test_what_is_dialled_is_what_was_checked(monkeypatch: pytest.MonkeyPatch):
    """A name that answers otherwise the second time (DNS rebinding) gains nothing: it is asked once for each
    connection.
    """
    answers = iter([[(2, 1, 6, "", ("8.8.8.8", 443))], [(2, 1, 6, "", ("127.0.0.1", 443))]])
    dialled = []

    def dial(address: tuple[str, int], *_: Any, **__: Any) -> Any:
        dialled.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: next(answers))
    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(Retry):
        http.request("POST", "https://rebinding.example/")
    assert dialled == ["8.8.8.8"]


class TestExceptions:
    @pytest.mark.parametrize("entry", ["127.0.0.1:8080", " 127.0.0.1:8080 "])
    def test_an_exact_host_and_port_is_let_through(self, entry: str):
        http.refuse_address("http://127.0.0.1:8080/hook", [entry])

    @pytest.mark.parametrize(
        "entry", ["127.0.0.1", "127.0.0.1:80", "localhost:8080", "*:8080", "127.0.0.1:*"]
    )
    def test_nothing_less_exact_is(self, entry: str):
        with pytest.raises(Invalid):
            http.refuse_address("http://127.0.0.1:8080/hook", [entry])

    def test_a_default_port_counts_as_named(self):
        http.refuse_address("http://localhost/hook", ["localhost:80"])
        http.refuse_address("https://LocalHost/hook", ["localhost:443"])

    def test_an_ipv6_address_stands_in_brackets(self):
        http.refuse_address("http://[::1]:8080/hook", ["[::1]:8080"])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "ftp://8.8.8.8/",
        "javascript:alert(1)",
        "https://",
        "https://user:secret@8.8.8.8/",
        "http://8.8.8.8:99999/",
    ],
)
def test_what_is_no_plain_web_address_is_not_saved(url: str):
    with pytest.raises(Invalid):
        http.refuse_address(url)


def test_a_public_address_may_be_saved():
    http.refuse_address("https://8.8.8.8/hook")


@pytest.mark.parametrize(
    ("url", "confidential"),
    [
        ("https://login.acme.com/realms/acme", True),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://login.localhost", True),
        ("http://login.acme.com", False),
        ("http://127.0.0.1.acme.com", False),
        ("http://10.0.0.7", False),
        ("ftp://127.0.0.1", False),
        ("", False),
    ],
)
def test_https_is_confidential_and_what_does_not_leave_this_machine(url: str, confidential: bool) -> None:
    assert addresses.is_confidential(url) is confidential
