"""Names are checked by every address they lead to, before any is dialled."""

import ipaddress

import pytest

from csat.lib import addresses, checked_network
from csat.lib.checked_network import NotAllowed

PUBLIC, INSIDE = "93.184.216.34", "10.0.0.1"


@pytest.fixture
def leads_to(monkeypatch: pytest.MonkeyPatch):
    """What the name server answers."""

    def answer(*found: str) -> None:
        monkeypatch.setattr(
            addresses, "resolve", lambda *_, **__: [ipaddress.ip_address(one) for one in found]
        )

    return answer


def resolve(allow: list[str] | None = None, host: str = "hooks.example") -> list[str]:
    return checked_network.resolve_checked(host, 443, allow, 1, variable="WEBHOOK_ALLOW")


def test_public_addresses_are_given_in_their_order(leads_to) -> None:
    leads_to(PUBLIC, "1.1.1.1")
    assert resolve([]) == [PUBLIC, "1.1.1.1"]


def test_one_address_inside_spoils_the_name(leads_to) -> None:
    leads_to(PUBLIC, INSIDE)
    with pytest.raises(NotAllowed, match=r"hooks\.example:443 leads to 10\.0\.0\.1"):
        resolve([])


def test_an_exception_holds_for_its_host_and_port_alone(leads_to) -> None:
    leads_to(INSIDE)
    assert resolve(["hooks.example:443"]) == [INSIDE]
    with pytest.raises(NotAllowed):
        resolve(["hooks.example:80"])


def test_without_a_guard_everything_may_be_dialled(leads_to) -> None:
    leads_to(INSIDE)
    assert resolve(None) == [INSIDE]


def test_brackets_of_an_ipv6_address_are_not_part_of_it() -> None:
    assert resolve([], host="[2606:2800:220:1::1]") == ["2606:2800:220:1::1"]
