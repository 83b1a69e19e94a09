"""Where a request comes from: the one answer for rate limits, logins and logs."""

import ipaddress
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings

_current: ContextVar[str] = ContextVar("client_address", default="")
SUBSCRIBER = 64  # bits: the smallest IPv6 network that a provider hands to one subscriber


def find(meta: Mapping[str, Any]) -> str:
    """The client's address in canonical form. With TRUSTED_PROXIES=n it is the n-th last of X-Forwarded-For,
    which the first proxy that we trust has written; what stands before it is the client's own invention.
    """
    peer = str(meta.get("REMOTE_ADDR", ""))
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop.strip() for hop in str(meta.get("HTTP_X_FORWARDED_FOR", "")).split(",") if hop.strip()]
    hop = hops[-min(proxies, len(hops))] if proxies and hops else ""
    return _canonical(hop) or _canonical(peer) or peer


def find_network(meta: Mapping[str, Any]) -> str:
    """What one subscriber has: an IPv4 address, or the /64 around an IPv6 address."""
    return network_of(find(meta))


def network_of(address: str) -> str:
    if ":" not in address:
        return address
    return str(ipaddress.ip_network(f"{address}/{SUBSCRIBER}", strict=False))


def current() -> str:
    """Where the request that is being answered comes from; empty in workers and shells."""
    return _current.get()


@contextmanager
def as_current(address: str) -> Iterator[None]:
    """`current()` says so within."""
    token = _current.set(address)
    try:
        yield
    finally:
        _current.reset(token)


def _canonical(text: str) -> str:
    """Without port, brackets and zone, an IPv4 address in IPv6 clothes as IPv4; empty for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
