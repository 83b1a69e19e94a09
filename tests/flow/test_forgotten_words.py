"""What a customer has withdrawn, and whoever was erased, is found in nothing that reports, themes, digests
and shares show, send or keep.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.people import erasure
from csat.reports import exports
from csat.reports.filters import parse
from csat.subscriptions import digest_sending, digests, shares
from csat.surveys.answers import comment_withdrawal
from csat.surveys.models import Survey
from csat.themes import editing
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from tests.api.conftest import Machine, api
from tests.factories import make_contact
from tests.subscriptions.rated import make_view, rate

__all__ = ["api"]
pytestmark = pytest.mark.django_db
WORD = "zyxmark"
AT = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.fixture
def surveys(time_machine: Any) -> list[Survey]:
    time_machine.move_to("2026-11-30T07:30:00Z", tick=False)
    contact = make_contact(name="Zyxmark Customer", email="zyxmark@customer.example")
    rated = [rate(score, f"The {WORD} broke", at=AT, contact=contact) for score in (1, 1, 1, 1, 1, 1, 5)]
    for _ in range(8):
        rate(5, "Wonderful weather", at=AT)
    dispatching.fan_out()
    return rated


@pytest.fixture
def places(
    surveys: list[Survey], manager: Client, manager_user: User, api: Machine, time_machine: Any
) -> Callable[[], Iterator[tuple[str, str]]]:
    """Everything that may hold these words, by what it is."""
    theme = editing.create("Broken", by=SYSTEM, words={"en": "broke"})
    view = make_view(manager_user, query="period=30")
    share = shares.make(view, by=manager_user, with_names=True, with_comments=True)
    token = shares.url(share).split("/share/")[1]
    export = exports.start(manager_user, parse({}), [], "csv")
    assert exports.run(export.pk)
    digests.start(view, by=manager_user)
    time_machine.move_to("2026-11-30T08:00:00Z", tick=False)
    assert digest_sending.send_due() == 1
    pages = (
        "/reports/?show=comments&words=1", "/reports/?show=low", f"/reports/?show=comments&search={WORD}",
        "/reports/sessions/?did=low", f"/themes/{theme.uuid}/?language=en", f"/share/{token}",
        f"/share/{token}wall/", "/reports/sent/", "/reports/export/",
    )  # fmt: skip

    def look() -> Iterator[tuple[str, str]]:
        for page in pages:
            yield page, re.sub(r"search=\w+|value=\"\w+\"", "", manager.get(page).content.decode())
        for mail in SandboxMessage.objects.filter(reference__startswith=digest_sending.TOKEN):
            yield "digest", f"{mail.text} {mail.html}"
        file = manager.get(f"/reports/export/{export.uuid}/file/")
        yield "file", b"".join(file.streaming_content).decode() if file.status_code == 200 else ""  # type: ignore[attr-defined]
        for path in ("/csat/scores", "/csat/report"):
            yield path, api.get(path).content.decode()

    return look


def holding(places: Callable[[], Iterator[tuple[str, str]]]) -> set[str]:
    return {name.partition("?")[0].rstrip("/") for name, text in places() if WORD in text.lower()}


def test_withdrawn_words_are_nowhere(surveys: list[Survey], places: Any) -> None:
    told = holding(places)
    assert {"/reports", "/reports/sessions", "digest", "file", "/csat/scores"} <= told
    assert [name for name in told if name.startswith("/share/")] != []
    assert [name for name in told if name.startswith("/themes/")] != []
    for survey in surveys:
        assert comment_withdrawal.withdraw(survey, by=SYSTEM)
    left = [text for _name, text in places() if f"the {WORD} broke" in text.lower()]
    assert left == []


def test_an_erased_customer_is_nowhere(surveys: list[Survey], places: Any) -> None:
    erasure.erase(surveys[0].contact, by=SYSTEM)
    assert holding(places) == set()
