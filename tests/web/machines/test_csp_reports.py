"""What a page was kept from doing is told in the log, briefly, and by nobody often."""

import json
from typing import Any

import pytest
import time_machine
from django.test import Client

from csat.web.machines import csp_reports

pytestmark = pytest.mark.django_db
FACTS = {
    "document-uri": "http://testserver/inbox/?q=zoe%40acme.test",
    "blocked-uri": "https://evil.example/steal.js?who=zoe",
    "effective-directive": "script-src-elem",
}


def post(client: Client, body: Any, **meta: str) -> int:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return client.post("/csp-report", text, content_type="application/csp-report", **meta).status_code


def told(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [record.msg for record in caplog.records if "policy forbids" in str(record.msg)]


def test_every_page_names_the_address(customer: Client) -> None:
    assert "report-uri /csp-report" in customer.get("/login/").headers["Content-Security-Policy"]
    assert "report-uri /csp-report" in customer.get("/r/nobody").headers["Content-Security-Policy"]


def test_page_directive_and_source_are_told_and_no_query(
    customer: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(customer, {"csp-report": FACTS}) == 204
    (line,) = told(caplog)
    assert (line["page"], line["directive"], line["blocked"]) == (
        "/inbox/",
        "script-src-elem",
        "evil.example",
    )
    assert "zoe" not in str(line)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 5000,
        {"csp-report": None},
        {"csp-report": FACTS | {"document-uri": 5}},
        {"csp-report": FACTS | {"document-uri": "https://elsewhere.example/"}},
        {"csp-report": FACTS | {"x": "x" * csp_reports.LONGEST}},
    ],
)
def test_anything_else_is_taken_and_forgotten(
    customer: Client, caplog: pytest.LogCaptureFixture, body: Any
) -> None:
    assert post(customer, body) == 204
    assert told(caplog) == []


def test_nobody_fills_the_log(customer: Client, caplog: pytest.LogCaptureFixture) -> None:
    with time_machine.travel("2026-11-22T10:00:00Z", tick=False):
        for number in range(200):
            post(customer, {"csp-report": FACTS}, REMOTE_ADDR=f"192.0.2.{number % 10}")
    assert len(told(caplog)) == csp_reports.PER_MINUTE
