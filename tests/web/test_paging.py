"""Long lists, asked with a cursor that is none of theirs."""

import pytest
from django.test import Client

from tests.cursors import cursor_at
from tests.factories import make_contact, make_sent_survey

pytestmark = pytest.mark.django_db
LISTS = [
    ("/inbox/", "last_activity_at", "Ana Souza"),
    ("/contacts/", "created_at", "Ana Souza"),
    ("/outbox/", "created_at", "+351912345678"),
]
BEYOND = ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59+23:59", "yesterday"]


@pytest.mark.parametrize(("address", "field", "shown"), LISTS)
@pytest.mark.parametrize("time", BEYOND)
def test_a_cursor_of_a_time_that_cannot_be_is_the_first_page(
    agent: Client, address: str, field: str, shown: str, time: str
) -> None:
    make_sent_survey("sms", contact=make_contact(name="Ana Souza", phone="+351912345678"))
    for cursor in (f"{time}_1", cursor_at(field, time)):
        assert shown in agent.get(address, {"before": cursor}).content.decode()


@pytest.mark.parametrize(
    "cursor", ["x", "0001-01-01T00:00:00+23:59_1", "2026-01-01T00:00:00+00:00~99999999999999999999"]
)
def test_the_comments_of_a_report_begin_anew_too(manager: Client, cursor: str) -> None:
    assert manager.get("/reports/", {"show": "comments", "before": cursor}).status_code == 200
