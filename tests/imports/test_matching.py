"""New, updated or unchanged."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from csat.imports.matching import Matcher
from csat.imports.reading import PastConversation
from csat.people import erasure
from csat.sessions.models import Session
from csat.timeline.recording import SYSTEM

pytestmark = pytest.mark.django_db


def row(ticket: str, score: int | None = 5, day: int = 2, comment: str = "") -> PastConversation:
    at = datetime(2026, 1, day, tzinfo=UTC)
    return PastConversation(
        number=2, external_id=f"import:generic:{ticket}", at=at, score=score, comment=comment
    )


def outcomes(matcher: Matcher, *rows: PastConversation) -> list[str]:
    return [match.outcome.value for match in matcher.match(rows)]


@pytest.fixture
def stored(bring_in) -> None:
    bring_in("ticket,score,comment,date\n1,5,,2026-01-02\n2,,,2026-01-02\n")


def test_against_what_is_stored(stored):
    assert outcomes(
        Matcher(),
        row("1"), row("1", 4), row("1", comment="but"), row("2", None), row("2", 3), row("3"),
        row("3", day=5),
    ) == ["unchanged", "updated", "updated", "unchanged", "updated", "new", "updated"]  # fmt: skip


def test_a_dry_run_keeps_in_mind_what_the_batches_before_would_have_stored():
    matcher = Matcher(dry_run=True)
    assert outcomes(matcher, row("1")) == ["new"]
    assert outcomes(matcher, row("1"), row("1", 3), row("2")) == ["unchanged", "updated", "new"]


def test_an_erased_person_does_not_come_back(stored):
    erasure.erase(Session.objects.get(external_id="import:generic:1").contact, by=SYSTEM)
    assert outcomes(Matcher(), row("1", 2, comment="it is me, Ana")) == ["unchanged"]


def test_a_batch_costs_the_same_queries_whatever_its_size(stored, django_assert_max_num_queries):
    with django_assert_max_num_queries(5):
        found = outcomes(Matcher(), *(row(str(number)) for number in range(500)))
    assert Counter(found) == {"new": 498, "unchanged": 1, "updated": 1}
