"""Digests on their way: once a period and reader, with the reader's rights of that moment, over crashes."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from csat.channels import notices, registry
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Never, Retry, Unknown
from csat.people import agents
from csat.subscriptions import digest_sending, digests
from csat.subscriptions.models import Digest, DigestIssue
from csat.webhooks.models import WebhookAttempt
from tests.factories import make_agent, make_contact
from tests.subscriptions.rated import make_endpoint, make_view, rate

pytestmark = pytest.mark.django_db
SUNDAY, MONDAY = datetime(2026, 11, 29, 12, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)
LAST_WEEK = datetime(2026, 11, 25, 12, tzinfo=UTC)
State = DigestIssue.State


@pytest.fixture(autouse=True)
def _on_sunday(time_machine: Any) -> None:
    time_machine.move_to(SUNDAY, tick=False)


def mails() -> list[SandboxMessage]:
    return list(SandboxMessage.objects.filter(reference__startswith=digest_sending.TOKEN).order_by("pk"))


def on_monday(time_machine: Any, **later: float) -> int:
    time_machine.move_to(MONDAY + timedelta(**later), tick=False)
    return digest_sending.send_due()


def test_it_is_sent_when_it_is_due_and_once(manager_user: User, time_machine: Any) -> None:
    rate(5, "Quick and friendly help", at=LAST_WEEK)
    digest = digests.start(make_view(manager_user), by=manager_user)
    assert (digest_sending.due(), digest_sending.send_due()) == (False, 0)
    assert on_monday(time_machine) == 1
    assert (digest_sending.due(), digest_sending.send_due()) == (False, 0)
    [mail], issue = mails(), digest.issues.get()
    assert (mail.to, issue.state, str(issue.first), str(issue.end)) == (
        manager_user.email, State.SENT, "2026-11-23", "2026-11-30",
    )  # fmt: skip
    assert "Quick and friendly help" in mail.text
    assert digest.again().next_at == MONDAY + timedelta(days=7)
    assert on_monday(time_machine, days=7) == 1
    assert len(mails()) == 2


def test_after_a_standstill_only_the_latest_period_is_sent(manager_user: User, time_machine: Any) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user, rhythm="daily")
    assert on_monday(time_machine, days=20) == 1
    assert str(digest.issues.get().first) == "2026-12-19"


def test_two_workers_make_one_issue_and_one_of_them_sends_it(manager_user: User, time_machine: Any) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    time_machine.move_to(MONDAY, tick=False)
    first, second = Digest.objects.get(), Digest.objects.get()
    issue = digest_sending.make_issue(first)
    assert issue
    assert digest_sending.make_issue(second) is None
    assert [digest_sending.send(issue.pk), digest_sending.send(issue.pk)] == [True, False]
    assert (digest.issues.count(), len(mails())) == (1, 1)


def test_a_worker_that_dies_repeats_a_mail_under_the_same_message_id(
    manager_user: User, time_machine: Any
) -> None:
    digests.start(make_view(manager_user), by=manager_user)
    time_machine.move_to(MONDAY, tick=False)
    handed_over: list[Any] = []
    email = registry.get("email")

    def take_and_die(message: Any) -> Any:
        handed_over.append(message)
        if len(handed_over) == 1:
            raise KeyboardInterrupt
        return mock.DEFAULT

    with (
        mock.patch.object(email, "find", return_value=None),
        mock.patch.object(email, "send", side_effect=take_and_die),
    ):
        with pytest.raises(KeyboardInterrupt):
            digest_sending.send_due()
        assert digest_sending.send_due() == 0  # the lease of the dead one holds
        assert on_monday(time_machine, minutes=6) == 1
    one, other = (message.headers["Message-ID"] for message in handed_over)
    assert one == other
    assert len(handed_over) == 2


def test_what_the_sandbox_has_is_not_repeated(manager_user: User, time_machine: Any) -> None:
    digests.start(make_view(manager_user), by=manager_user)
    time_machine.move_to(MONDAY, tick=False)
    with (
        mock.patch.object(digest_sending, "_mark_sent", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        digest_sending.send_due()
    assert on_monday(time_machine, minutes=6) == 1
    assert len(mails()) == 1


@pytest.mark.parametrize("outcome", [Retry("busy"), Unknown("cut"), Never("login refused", account=True)])
def test_what_may_pass_is_tried_again_later_and_in_the_end_given_up(
    manager_user: User, time_machine: Any, outcome: Exception
) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    with mock.patch.object(notices, "send", side_effect=outcome):
        assert on_monday(time_machine) == 0
        issue = digest.issues.get()
        assert (issue.state, issue.next_try) == (State.DUE, timezone.now() + timedelta(minutes=10))
        for _ in range(8):
            time_machine.move_to(issue.again().next_try, tick=False)
            digest_sending.send(issue.pk)
    assert (issue.again().state, issue.again().attempts) == (State.FAILED, 8)
    assert issue.again().error


def test_a_refused_address_fails_at_once_and_the_next_one_is_tried(
    manager_user: User, time_machine: Any
) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    with mock.patch.object(notices, "send", side_effect=Never("no such mailbox")):
        on_monday(time_machine)
    assert digest.issues.get().state == State.FAILED
    assert on_monday(time_machine, days=7) == 1


class TestRights:
    """Persona by persona: what a digest holds is what its reader may see when it is sent."""

    @pytest.fixture(autouse=True)
    def _ratings(self) -> None:
        for team, word, score in (("Care", "caring", 5), ("Sales", "selling", 1)):
            details = {
                "team": agents.find_or_create_team(team),
                "assignee": make_agent(f"{word} agent"),
                "contact": make_contact(name=f"{word} customer"),
            }
            rate(score, f"{word} words of a customer", at=LAST_WEEK, **details)

    @pytest.mark.parametrize(
        ("persona", "sees", "sees_not"),
        [
            ("manager_user", ("caring words", "selling words", "n 2"), ()),
            ("analyst_user", ("caring words", "selling words", "n 2"), ()),
            ("admin_user", ("caring words", "selling words", "n 2"), ()),
            ("lead_user", ("caring words", "n 1", "Care"), ("selling",)),
        ],
    )
    def test_who_reads_reports_gets_what_they_may_see(
        self, request: Any, time_machine: Any, persona: str, sees: Any, sees_not: Any
    ) -> None:
        user = request.getfixturevalue(persona)
        digests.start(make_view(user), by=user)
        assert on_monday(time_machine) == 1
        [mail] = mails()
        for content in (mail.text, mail.html.replace("\u00a0", " ")):
            assert [word for word in sees if word not in content] == []
            assert [word for word in sees_not if word in content] == []

    @pytest.mark.parametrize("persona", ["agent_user", "outsider_user"])
    def test_who_may_not_read_reports_any_more_gets_none(
        self, request: Any, time_machine: Any, persona: str, manager_user: User
    ) -> None:
        digest = digests.start(make_view(manager_user), by=manager_user)
        digest.change(user=request.getfixturevalue(persona))
        assert on_monday(time_machine) == 0
        assert (digest.issues.get().state, mails()) == (State.SKIPPED, [])

    def test_a_deactivated_reader_gets_none(self, manager_user: User, time_machine: Any) -> None:
        digest = digests.start(make_view(manager_user), by=manager_user)
        User.objects.filter(pk=manager_user.pk).update(is_active=False)
        assert on_monday(time_machine) == 0
        assert (digest.issues.get().state, mails()) == (State.SKIPPED, [])

    def test_who_was_bound_to_a_team_meanwhile_gets_that_teams_figures(
        self, lead_user: User, time_machine: Any
    ) -> None:
        digests.start(make_view(lead_user), by=lead_user)
        lead_user.profile.teams.set([agents.find_or_create_team("Sales")])
        on_monday(time_machine)
        assert "selling words" in mails()[0].text
        assert "caring" not in mails()[0].text

    def test_a_digest_of_another_persons_view_has_the_readers_rights(
        self, manager_user: User, lead_user: User, time_machine: Any
    ) -> None:
        digests.start(make_view(manager_user), by=manager_user, reader=lead_user)
        on_monday(time_machine)
        assert "selling" not in mails()[0].text + mails()[0].html

    def test_slack_and_webhook_hold_no_names_and_no_comments(
        self, manager_user: User, time_machine: Any
    ) -> None:
        endpoint = make_endpoint()
        view = make_view(manager_user)
        digests.start(view, by=manager_user, via="slack", to="C0123456789")
        digests.start(view, by=manager_user, via="webhook", endpoint=endpoint)
        assert on_monday(time_machine) == 2
        [slack], attempt = mails(), WebhookAttempt.objects.get()
        assert (slack.to, slack.kind) == ("C0123456789", "slack")
        assert "n 2" in slack.text
        for content in (slack.text, attempt.body):
            assert not [word for word in ("caring", "selling", "agent", "customer", "#") if word in content]
        body = json.loads(attempt.body)
        assert (body["type"], body["data"]["csat"]["answered"]) == ("report.digest", 2)
        assert (body["data"]["from"], body["data"]["to"]) == ("2026-11-23", "2026-11-30")

    def test_a_view_that_is_of_single_agents_by_now_is_not_sent_to_slack(
        self, manager_user: User, time_machine: Any
    ) -> None:
        view = make_view(manager_user)
        digest = digests.start(view, by=manager_user, via="slack", to="C0123456789")
        view.change(query=f"agent={make_agent('Layla').uuid}")
        assert on_monday(time_machine) == 0
        assert (digest.issues.get().state, mails()) == (State.FAILED, [])


def test_a_view_that_filters_by_what_is_gone_says_so(manager_user: User, time_machine: Any) -> None:
    digest = digests.start(make_view(manager_user, query="channel=fax"), by=manager_user)
    assert on_monday(time_machine) == 0
    assert digest.issues.get().error == "channel: There is no such choice."


def test_a_mail_can_be_stopped_with_one_press(manager_user: User, time_machine: Any) -> None:
    digest = digests.start(make_view(manager_user), by=manager_user)
    on_monday(time_machine)
    [mail] = mails()
    headers, url = mail.data["headers"], digests.stop_url(digest)
    assert headers["List-Unsubscribe"] == f"<{url}>"
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in mail.text
    assert url in mail.html


def test_the_number_of_queries_does_not_grow_with_the_ratings(
    manager_user: User, time_machine: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        rate(1 + number % 5, f"words {number}", at=LAST_WEEK, assignee=make_agent(f"Agent {number}"))
    digest = digests.start(make_view(manager_user), by=manager_user)
    time_machine.move_to(MONDAY, tick=False)
    issue = digest_sending.make_issue(digest)
    assert issue
    with django_assert_max_num_queries(90):
        digest_sending.contents_of(DigestIssue.objects.get(pk=issue.pk))
