"""An erased customer is quoted in no digest that the sandbox keeps."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.channels.outbox import SandboxMessage
from csat.people import erasure
from csat.subscriptions import digest_sending, digests, privacy
from csat.surveys.answers import comment_withdrawal
from csat.timeline.recording import SYSTEM
from tests.subscriptions.rated import make_view, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def quoted(manager_user: User, time_machine: Any) -> Any:
    """A survey whose comment a digest in the sandbox quotes."""
    time_machine.move_to("2026-11-29T12:00:00Z", tick=False)
    survey = rate(5, "zyxmark was happy", at=datetime(2026, 11, 28, tzinfo=UTC))
    digests.start(make_view(manager_user), by=manager_user)
    time_machine.move_to("2026-11-30T08:00:00Z", tick=False)
    assert digest_sending.send_due() == 1
    assert _quotes() == 1
    return survey


def _quotes() -> int:
    mails = SandboxMessage.objects.filter(reference__startswith=digest_sending.TOKEN)
    return mails.filter(text__contains="zyxmark", html__contains="zyxmark").count()


def test_after_an_erasure_no_digest_quotes_them(quoted: Any) -> None:
    erasure.erase(quoted.contact, by=SYSTEM)
    assert _quotes() == 0


def test_when_words_expire_those_of_digests_do_too(quoted: Any) -> None:
    privacy.blank([quoted.session_id + 1])
    assert _quotes() == 1
    privacy.blank([quoted.session_id])
    assert _quotes() == 0


def test_a_withdrawn_comment_is_quoted_in_no_digest(quoted: Any) -> None:
    assert comment_withdrawal.withdraw(quoted, by=SYSTEM)
    assert _quotes() == 0
