"""One answer to where a request comes from, whatever stands between."""

import pytest

from csat.lib import client_address


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "6.6.6.6", "127.0.0.1"),  # nobody we trust: the header is the client's own invention
        (1, "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        (2, "6.6.6.6, 1.2.3.4, 10.0.0.1", "1.2.3.4"),
        (2, "1.2.3.4", "1.2.3.4"),  # past the outer proxy, the inner one still wrote what it saw
        (1, "", "127.0.0.1"),
    ],
)
def test_it_is_the_one_that_a_trusted_proxy_saw(settings, proxies, forwarded, address):
    settings.TRUSTED_PROXIES = proxies
    assert client_address.find({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}) == address


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("192.0.2.7:51234", "192.0.2.7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", "127.0.0.1"),
        ("x" * 5000, "127.0.0.1"),
    ],
)
def test_one_client_is_spelled_one_way(settings, hop, address):
    settings.TRUSTED_PROXIES = 1
    assert client_address.find({"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": hop}) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_ipv6_subscriber_counts_as_one(address, network):
    """zulip/zulip#21544, getgrav/grav-plugin-login#204: a /64 is 2^64 addresses of one customer."""
    assert client_address.find_network({"REMOTE_ADDR": address}) == network


def test_a_server_on_a_socket_has_no_address():
    assert client_address.find_network({"REMOTE_ADDR": ""}) == ""
