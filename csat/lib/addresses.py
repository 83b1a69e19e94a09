"""Which network addresses a stranger's URL may lead us to."""

import ipaddress
import socket
from collections.abc import Collection
from threading import Thread

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# special by RFC 6890 and RFC 3879, but global to Python's is_global
SPECIAL = [ipaddress.ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10")]
NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))


class NotResolved(OSError):
    """The name has no address, or nobody could tell in time."""


def resolve(host: str, port: int, *, seconds: float) -> list[Address]:
    """Every address of the name, in the resolver's order; decimal and octal spellings come out as what they mean."""
    found: list[Address] | OSError = NotResolved(f"{host} could not be looked up in {seconds:g} s")

    def look_up() -> None:
        nonlocal found
        try:
            found = [_parsed(str(row[4][0])) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            found = NotResolved(f"{host} has no address: {error}")

    # getaddrinfo knows no time limit; a thread that hangs is left behind, it holds nothing
    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if isinstance(found, OSError):
        raise found
    if not found:
        raise NotResolved(f"{host} has no address")
    return list(dict.fromkeys(found))


def _parsed(text: str) -> Address:
    return ipaddress.ip_address(text.partition("%")[0])


def is_public(address: Address) -> bool:
    """Global and not multicast, whatever it is wrapped in: v4-mapped, v4-compatible, NAT64, 6to4, Teredo."""
    return all(_is_plain(one) for one in _unwrapped(address))


def _is_plain(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or any(address in network for network in SPECIAL)
    return address.is_global and not special


def _unwrapped(address: Address) -> list[Address]:
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour]
    if address.teredo:
        return list(address.teredo)  # the server and the client behind it
    if any(address in network for network in NAT64):
        return [_last_four(address)]
    if address.packed[:12] == bytes(12):
        return [_last_four(address), address]  # ::a.b.c.d, retired but still routed by some
    return [address]


def _last_four(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(address.packed[-4:])


def is_allowed(host: str, port: int, allow: Collection[str]) -> bool:
    """Named as an exception: exactly this `host:port`, an IPv6 address in brackets."""
    name = f"[{host}]" if ":" in host else host
    return f"{name}:{port}".casefold() in {entry.strip().casefold() for entry in allow}
