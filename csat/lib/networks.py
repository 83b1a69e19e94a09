"""Networks that somebody names, such as `203.0.113.0/24`, and whether an address lies in one of them."""

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")  # IPv4 in IPv6 clothes


def parse(text: str) -> str:
    """The network, or the one address, as it is written canonically. Raises ValueError.

    `203.0.113.7/24` is the network around that address, and IPv4 in IPv6 clothes is IPv4, as
    `client_address.find` tells it.
    """
    network = ipaddress.ip_network(text.strip(), strict=False)
    if isinstance(network, ipaddress.IPv6Network) and network.subnet_of(MAPPED):
        inner = int(network.network_address) & 0xFFFFFFFF
        network = ipaddress.IPv4Network((inner, network.prefixlen - MAPPED.prefixlen))
    return str(network.network_address if network.num_addresses == 1 else network)


def contain(networks: Iterable[str], address: str) -> bool:
    """Whether the address lies in any of them; what is no address lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in networks)
