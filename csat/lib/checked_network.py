"""Dialling: connections to addresses that were checked first, and that end with a deadline."""

import ssl
import time
from collections.abc import Collection, Iterable
from typing import Any

import httpcore

from csat.lib import addresses

ADDRESSES_TRIED = 3


class NotAllowed(Exception):
    """The address leads inside."""


def resolve_checked(
    host: str, port: int, allow: Collection[str] | None, seconds: float, *, variable: str
) -> list[str]:
    """Every address of the name, after making sure that none of them leads inside. `variable`: of the
    environment, which allows one that does.
    """
    host = host.strip("[]")
    found = addresses.resolve(host, port, seconds=seconds)
    if allow is not None and not addresses.is_allowed(host, port, allow):
        inside = [str(address) for address in found if not addresses.is_public(address)]
        if inside:
            raise NotAllowed(
                f"{host}:{port} leads to {inside[0]}, which is not a public address. To allow it, start the"
                f" application with {variable}={host}:{port} (several with commas between)."
            )
    return [str(address) for address in found]


class Network(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to no other: what is checked is what is dialled."""

    def __init__(self, allow: Collection[str] | None, variable: str) -> None:
        self.allow = allow
        self.variable = variable
        self.deadline = 0.0
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = resolve_checked(host, port, self.allow, self.left(timeout), variable=self.variable)
        except addresses.NotResolved as error:
            raise httpcore.ConnectError(str(error)) from error
        for address in found[: ADDRESSES_TRIED - 1]:
            if address == found[-1]:
                break
            try:
                return self._dial(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._dial(found[-1], port, timeout, local_address, socket_options)

    def _dial(self, address: str, port: int, timeout: float | None, *rest: Any) -> httpcore.NetworkStream:
        return _Stream(self.plain.connect_tcp(address, port, self.left(timeout), *rest), self)

    def left(self, timeout: float | None) -> float:
        """The smaller of one step's limit and what is left of the whole; ConnectTimeout when nothing is."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ConnectTimeout("out of time")
        return left if timeout is None else min(left, timeout)


class _Stream(httpcore.NetworkStream):
    """A connection that ends with the deadline, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, network: Network) -> None:
        self.inner = inner
        self.network = network

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def _left(self, timeout: float | None, late: type[Exception]) -> float:
        try:
            return self.network.left(timeout)
        except httpcore.ConnectTimeout as error:
            raise late("out of time") from error

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(
            self.inner.start_tls(ssl_context, server_hostname, self.network.left(timeout)), self.network
        )

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)
