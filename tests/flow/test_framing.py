"""The web server against requests whose end is told in two ways: none is read as two (ASVS 4.2.1)."""

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.serving import serving

pytestmark = [pytest.mark.cluster, pytest.mark.django_db(transaction=True)]
SMUGGLED = "GET /health/live?smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = f"0\r\n\r\n{SMUGGLED}"


@pytest.fixture(scope="module")
def server(django_db_setup: None, django_db_blocker: object) -> Iterator[tuple[str, int]]:
    with serving() as base:
        address = urlsplit(base)
        yield str(address.hostname), int(address.port or 0)


def answers(server: tuple[str, int], request: str) -> list[str]:
    """The status lines that come back until the server closes or is silent for a second."""
    with socket.create_connection(server, timeout=5) as connection:
        connection.sendall(request.encode("latin-1"))
        connection.settimeout(1)
        received = b""
        try:
            while part := connection.recv(65536):
                received += part
        except (TimeoutError, ConnectionResetError):
            pass
    return [line for line in received.decode("latin-1").split("\r\n") if line.startswith("HTTP/1.1 ")]


def post(*headers: str, body: str = BODY) -> str:
    return "\r\n".join(["POST /csp-report HTTP/1.1", "Host: localhost", *headers, "", body])


def test_a_sound_request_and_its_neighbour_on_one_connection_are_two(server: tuple[str, int]) -> None:
    """So that one answer below means one request."""
    assert len(answers(server, post("Content-Length: 2", body="{}") + SMUGGLED)) == 2


@pytest.mark.parametrize(
    "request_text",
    [
        post("Content-Length: 0", f"Content-Length: {len(BODY)}"),
        post(f"Content-Length: {len(BODY)}", "Content-Length: 0"),
        post("Content-Length: +0"),
        post("Content-Length: 0x0"),
        post("Transfer-Encoding: chunked, identity"),
        post("Transfer-Encoding: xchunked"),
        post("Transfer-Encoding : chunked"),
        post("Transfer-Encoding: chunked", body=f"-1\r\n\r\n{SMUGGLED}"),
        post("Transfer-Encoding: chunked", body=f"0x0\r\n\r\n{SMUGGLED}"),
    ],
)
def test_what_could_end_in_two_places_is_no_two_requests(server: tuple[str, int], request_text: str) -> None:
    assert [status for status in answers(server, request_text) if " 200 " in status] == []


def test_of_a_length_and_chunks_no_two_requests_are_made(server: tuple[str, int]) -> None:
    """RFC 9112, 6.3: chunks win, and the connection is closed behind them; or it is refused."""
    assert len(answers(server, post(f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"))) == 1
    assert len(answers(server, post("Content-Length: 3", "Transfer-Encoding: chunked"))) == 1
