"""Outgoing HTTP: limits that hold, and the four outcomes."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import requests

from csat.lib import http
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.lib.refusal import Invalid

Talk = Callable[[socket.socket], None]


@pytest.fixture
def server() -> Iterator[Callable[[Talk], str]]:
    """A server that does with each connection what the test says; the URL to reach it."""
    listeners = []

    def start(talk: Talk) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=_serve, args=(listener, talk), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/hook"

    yield start
    for listener in listeners:
        listener.close()


def _serve(listener: socket.socket, talk: Talk) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            try:
                talk(connection)
            except OSError:
                pass


def says(answer: bytes) -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return talk


def drips(piece: bytes, *, before: bytes = b"") -> Talk:
    def talk(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(before)
        while True:
            connection.sendall(piece)
            time.sleep(0.05)

    return talk


def ask(url: str, **more: Any) -> http.Answer:
    with http.Client() as client:
        return client.request("POST", url, content=b"{}", **more)


def outcome(url: str, **more: Any) -> Outcome:
    with pytest.raises(Outcome) as caught:
        ask(url, **more)
    return caught.value


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Said: yes\r\n\r\nok"


def test_an_answer_comes_back_whole(server: Any):
    answer = ask(server(says(OK)))
    assert (answer.status, answer.ok, answer.text, answer.cut, answer.headers["x-said"]) == (
        200,
        True,
        "ok",
        False,
        "yes",
    )
    assert 0 < answer.seconds < 5


@pytest.mark.parametrize("status", [b"204 No Content", b"404 Not Found", b"410 Gone", b"500 Oops"])
def test_any_status_is_an_answer(status: bytes, server: Any):
    answer = ask(server(says(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")))
    assert str(answer.status).encode() == status[:3]


def test_a_redirect_is_not_followed(server: Any):
    answer = ask(
        server(says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"))
    )
    assert (answer.status, answer.ok) == (302, False)


def test_a_long_answer_is_cut(server: Any):
    body = b"x" * 500_000
    answer = ask(server(says(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + body)), body_limit=1000)
    assert (len(answer.body), answer.cut) == (1000, True)


def test_an_endless_answer_is_cut_too(server: Any):
    url = server(drips(b"400\r\n" + b"x" * 1024 + b"\r\n", before=CHUNKED))
    assert ask(url, body_limit=3000).cut


def test_compression_is_not_asked_for(server: Any):
    heard = []

    def talk(connection: socket.socket) -> None:
        heard.append(connection.recv(65536))
        connection.sendall(OK)

    ask(server(talk))
    assert b"accept-encoding: identity" in heard[0].lower()


@pytest.mark.parametrize(
    ("piece", "before"),
    [
        (b"", b""),
        (b"H", b""),
        (b"X-A: b\r\n", b"HTTP/1.1 200 OK\r\n"),
        (b"1\r\nx\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
    ],
    ids=["silence", "status", "headers", "body"],
)
def test_the_deadline_holds_however_slowly_it_drips(piece: bytes, before: bytes, server: Any):
    started = time.monotonic()
    assert isinstance(outcome(server(drips(piece, before=before)), seconds=0.5), Unknown)
    assert time.monotonic() - started < 1.5


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", b"SSH-2.0-OpenSSH\r\n"]
)
def test_a_broken_answer_is_unknown(answer: bytes, server: Any):
    assert isinstance(outcome(server(says(answer))), Unknown)


def test_nobody_there_is_certainly_not_sent():
    assert isinstance(outcome("http://127.0.0.1:1/"), Retry)


def test_a_name_without_an_address_is_certainly_not_sent(monkeypatch: pytest.MonkeyPatch):
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    assert isinstance(outcome("http://nowhere.example/"), Retry)


def test_a_name_with_no_address_at_all_is_certainly_not_sent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [])
    assert isinstance(outcome("http://empty.example/"), Retry)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(2) or [])
    started = time.monotonic()
    assert isinstance(outcome("http://slow.example/", seconds=0.3), Retry)
    assert time.monotonic() - started < 1.5


def test_plain_text_where_tls_was_expected_is_certainly_not_sent(server: Any):
    assert isinstance(outcome(server(says(OK)).replace("http:", "https:")), Retry)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/", "http://", "nonsense", "http://[::1/", "file:///etc/passwd"]
)
def test_what_is_no_web_address_never_works(url: str):
    assert isinstance(outcome(url), Never)


def test_the_second_address_is_tried_when_the_first_is_deaf(server: Any, monkeypatch: pytest.MonkeyPatch):
    url = server(says(OK))
    port = int(url.split(":")[2].split("/")[0])
    rows = [(2, 1, 6, "", ("127.0.0.2", port)), (2, 1, 6, "", ("127.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)
    assert ask(f"http://two.example:{port}/").ok


def test_one_client_keeps_its_connection(server: Any):
    seen = []

    def talk(connection: socket.socket) -> None:
        seen.append(connection)
        while connection.recv(65536):
            connection.sendall(OK)

    url = server(talk)
    with http.Client() as client:
        for _ in range(3):
            assert client.request("GET", url).ok
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("١٢", None),
    ],
)
def test_retry_after_is_read_in_seconds(value: str, seconds: float | None):
    assert http.retry_after({"Retry-After": value}) == seconds


def test_retry_after_is_read_as_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    wait = http.retry_after({"retry-after": later})
    assert wait is not None
    assert 85 < wait <= 90
    assert http.retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


CERTAIN = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    requests.exceptions.ConnectTimeout("slow"),
    ConnectionRefusedError(111, "refused"),
    socket.gaierror(-2, "no name"),
    ssl.SSLCertVerificationError("self-signed"),
]
UNCERTAIN = [
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
    requests.exceptions.ReadTimeout("slow"),
    requests.exceptions.ConnectionError(ConnectionResetError("reset")),
    TimeoutError("slow"),
    ConnectionResetError("reset"),
    OSError("something"),
]


@pytest.mark.parametrize("error", CERTAIN, ids=repr)
def test_only_what_never_left_is_retried_without_a_look(error: Exception):
    assert isinstance(http.outcome_of(error), Retry)


@pytest.mark.parametrize("error", UNCERTAIN, ids=repr)
def test_everything_else_may_have_arrived(error: Exception):
    assert isinstance(http.outcome_of(error), Unknown)


def test_the_reason_is_found_however_deep_it_is_wrapped():
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        requests.post("http://127.0.0.1:1/", timeout=1)
    assert isinstance(http.outcome_of(caught.value), Retry)


@pytest.mark.parametrize("name", ["ann:hush@", "ann@", ":hush@", "127.0.0.1%40x@"])
def test_a_name_or_password_in_the_url_never_goes_out(name: str) -> None:
    with pytest.raises(Never) as refused:
        http.request("GET", f"http://{name}127.0.0.1:9/", allow=["127.0.0.1:9"])
    assert "hush" not in refused.value.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(-2, "Name or service not known"), "was not found"),
        (ConnectionRefusedError(111, "Connection refused"), "no program listens"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (httpx.ReadTimeout("timed out"), "timed out"),
    ],
)
def test_trouble_is_told_in_words_and_not_in_numbers(error: Exception, words: str):
    """`[Errno -2] Name or service not known` helps nobody who typed a URL."""
    for raised in (error, httpx.ConnectError(str(error))):
        raised.__cause__ = error if raised is not error else None
        assert words in http.words_of(raised)
        assert "Errno" not in http.words_of(raised)


@pytest.mark.parametrize(
    ("number", "words"), [(socket.EAI_NONAME, "spelled"), (socket.EAI_AGAIN, "Try again")]
)
def test_a_name_that_is_not_found_is_told_from_one_that_could_not_be_asked(
    number: int, words: str, monkeypatch: pytest.MonkeyPatch
):
    def nobody(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(number, "raw words")

    monkeypatch.setattr(socket, "getaddrinfo", nobody)
    with pytest.raises(Invalid) as refused:
        http.refuse_address("https://typo.acme.com/hook")
    assert words in refused.value.message
    assert "raw words" not in refused.value.message


def test_who_runs_a_receiver_of_their_own_is_told_how_to_allow_it():
    with pytest.raises(Invalid, match=r"WEBHOOK_ALLOW=127\.0\.0\.1:9000 "):
        http.refuse_address("http://127.0.0.1:9000/hook")


@pytest.mark.parametrize("token", ["s3cret\u200b", "s3cret-ü", "s3cret\n", "s3cret\nagain"])
def test_a_token_with_what_no_header_may_hold_never_goes_out_and_is_not_told(token: str, server: Any):
    with pytest.raises(Never) as refused:
        http.Client().request("GET", server(lambda _: None), headers={"Authorization": f"Bearer {token}"})
    assert refused.value.code == "bad_request"
    assert "s3cret" not in refused.value.text
