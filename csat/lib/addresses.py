"""Which network addresses a stranger's URL may lead us to."""

import ipaddress
import socket
from collections.abc import Collection
from threading import Thread
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# special by RFC 6890 and RFC 3879, but global to Python's is_global
# and RFC 8215 (NAT64 inside a network), RFC 9637 (documentation), RFC 9602 (segment routing)
SPECIAL = [
    ipaddress.ip_network(text)
    for text in ("192.0.0.0/24", "192.88.99.0/24", "fec0::/10", "64:ff9b:1::/48", "3fff::/20", "5f00::/16")
]
RESERVED = ("example.com", "example.org", "example.net", "example", "test", "invalid", "localhost")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class NotResolved(OSError):
    """The name has no address, or nobody could tell in time."""


def resolve(host: str, port: int, *, seconds: float) -> list[Address]:
    """Every address of the name, in the resolver's order; decimal and octal spellings come out as what they
    mean.
    """
    found: list[Address] | OSError = NotResolved(f"{host} could not be looked up in {seconds:g} s")

    def look_up() -> None:
        nonlocal found
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
        except (OSError, UnicodeError) as error:
            found = NotResolved(_not_found(host, error))

    # getaddrinfo knows no time limit; a thread that hangs is left behind, it holds nothing
    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if isinstance(found, OSError):
        raise found
    if not found:
        raise NotResolved(_not_found(host))
    return list(dict.fromkeys(found))


def _not_found(host: str, error: Exception | None = None) -> str:
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return f"The host {host} could not be looked up: the name server does not answer. Try again later."
    return f"The host {host} was not found. Check how it is spelled."


def is_loopback(host: str) -> bool:
    """Whether what goes there does not leave this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_confidential(url: str) -> bool:
    """Whether nobody on the way reads it: https, or plain http that does not leave this machine."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))


def is_reserved(host: str) -> bool:
    """A name that stands for others in documentation and tests (RFC 2606, RFC 6761): nobody is there."""
    host = host.strip().rstrip(".").casefold()
    return any(host == name or host.endswith(f".{name}") for name in RESERVED)


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
    if address in NAT64:
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
