"""Bodies as clients of all kinds send them."""

from io import BytesIO
from typing import Any

import pytest
import requests

from csat.people.models import Contact
from project.wsgi import MAX_BYTES, with_length
from tests.api.conftest import Machine, machine
from tests.factories import make_session
from tests.serving import serving


def seen(body: bytes, **environ: Any) -> tuple[str | None, bytes]:
    """What the application behind is told of a body."""
    heard: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        heard.update(environ)
        return []

    with_length(application)({"wsgi.input": BytesIO(body), **environ}, None)
    return heard.get("CONTENT_LENGTH"), heard["wsgi.input"].read()


def test_a_body_without_its_length_is_measured() -> None:
    assert seen(b'{"a": 1}', **{"wsgi.input_terminated": True}) == ("8", b'{"a": 1}')


def test_one_too_large_is_read_no_further_than_it_takes_to_refuse_it() -> None:
    length, body = seen(b" " * (MAX_BYTES + 100), **{"wsgi.input_terminated": True})
    assert (length, len(body)) == (str(MAX_BYTES), MAX_BYTES)


def test_a_length_that_was_told_is_believed() -> None:
    assert seen(b"12345", CONTENT_LENGTH="3", **{"wsgi.input_terminated": True})[0] == "3"


def test_a_server_that_does_not_end_the_input_is_not_waited_for() -> None:
    assert seen(b"12345")[0] is None


@pytest.mark.django_db
def test_a_byte_order_mark_is_passed_over(api: Machine) -> None:
    answer = api.client.post(
        "/api/v1/contacts", b'\xef\xbb\xbf{"name": "Ana"}', content_type="application/json"
    )
    assert (answer.status_code, answer.json()["name"]) == (201, "Ana")


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k1"}])
def test_what_needs_no_body_is_asked_without_one_however_it_is_announced(
    api: Machine, headers: dict[str, str]
) -> None:
    address = f"/api/v1/chat/sessions/{make_session('web').uuid}/widget-token"
    for content_type in ("application/json", "application/octet-stream"):
        assert api.client.post(address, b"", content_type=content_type, headers=headers).status_code == 201


@pytest.mark.slow
@pytest.mark.usefixtures("shared_database")
def test_a_body_in_chunks_is_taken_whole_by_the_real_server() -> None:
    headers = {"Authorization": f"Bearer {machine().key}", "Content-Type": "application/json"}
    with serving() as base:
        answer = requests.post(
            f"{base}/api/v1/contacts", data=iter([b'{"name": ', b'"Ana"}']), headers=headers, timeout=30
        )
        assert (answer.status_code, answer.json()["name"]) == (201, "Ana")
        large = requests.post(
            f"{base}/api/v1/contacts", data=iter([b" " * (1024 * 1024)] * 11), headers=headers, timeout=30
        )
        assert large.status_code == 413
    assert Contact.objects.count() == 1
