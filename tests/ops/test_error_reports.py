"""What Sentry would get of something that breaks: the place, and nobody's name."""

import json
from typing import Any

import pytest
import sentry_sdk
from django.test import RequestFactory
from sentry_sdk.transport import Transport

from project.error_reports import OPTIONS, without_personal_data

# far from the lines that break: reports show the source around those
ADDRESS, TOKEN, KEY = "zoe@acme.test", "aToken0aToken0aToken0", "csat_live_abc"
SECRETS = (ADDRESS, "zoe%40acme.test", TOKEN, KEY, "hunter2", "sessionid")


class Kept(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent += [json.dumps(item.payload.json, default=str) for item in envelope.items]


def secrets_in(report: object) -> list[str]:
    return [secret for secret in SECRETS if secret in json.dumps(report)]


def test_an_error_is_reported_with_its_place_and_without_what_it_worked_on() -> None:
    transport = Kept()
    client = sentry_sdk.Client(
        dsn="https://key@sentry.invalid/1", transport=transport, default_integrations=False, **OPTIONS
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        try:
            break_for(ADDRESS, f"/r/{TOKEN}")
        except ZeroDivisionError as error:
            scope.capture_exception(error)
    (report,) = transport.sent
    assert "break_for" in report
    assert secrets_in(report) == []


def break_for(address: str, link: str) -> None:
    words = f"for {address} of {link} with {KEY}"
    raise ZeroDivisionError(words)


@pytest.mark.parametrize(
    "text",
    [
        f"{RequestFactory().get(f'/inbox/?q={ADDRESS}')!r}",
        "/contacts/?q=zoe%40acme.test",
        f"https://csat.acme.test/r/{TOKEN}?score=1",
        f"Authorization: Bearer {KEY}",
    ],
)
def test_request_and_user_are_cut_down_and_texts_blanked_wherever_they_stand(text: str) -> None:
    event = {
        "request": {
            "method": "POST",
            "url": f"https://csat.acme.test/r/{TOKEN}",
            "query_string": f"q={ADDRESS}",
            "data": {"comment": "hunter2"},
            "cookies": {"sessionid": "x"},
            "headers": {"Referer": f"https://csat.acme.test/?q={ADDRESS}"},
        },
        "user": {"username": ADDRESS},
        "breadcrumbs": {"values": [{"message": text, "data": {"url": text}}]},
        "extra": {"request": (text, [text])},
    }
    report = without_personal_data(event, {})
    assert report["request"] == {"method": "POST", "url": "https://csat.acme.test/r/…"}
    assert secrets_in(report) == []
