"""Mail through a real SMTP server: what it takes, and what each of its moods means."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from csat.channels import registry, transports
from csat.channels.base import CANNOT_TELL, Brand, Receipt
from csat.channels.transports import smtp
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from tests.channels.asks import RATE_URL, ask, composed
from tests.standins.smtp import SmtpServer

pytestmark = pytest.mark.smtp


def send(kind: str = "email", **changes: Any) -> Receipt:
    return registry.get(kind).send(composed(kind, **changes))


def refused(**changes: Any) -> Outcome:
    with pytest.raises(Outcome) as caught:
        send(**changes)
    return caught.value


@pytest.mark.parametrize("kind", ["email", "web_voice"])
def test_a_mail_arrives_whole(kind: str, smtp_server: SmtpServer):
    receipt = send(kind, email_message_id="conversation@mail.example", subject="Refund")
    (mail,) = smtp_server.messages
    assert (receipt.transport, receipt.provider_id) == ("smtp", mail["Message-ID"])
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert all(RATE_URL in part.get_content() for part in mail.iter_parts())
    assert (mail["To"], mail["From"], mail["Subject"]) == (
        "ana@customer.example",
        "Acme Support <support@acme.example>",
        "Re: Refund",
    )
    assert mail["In-Reply-To"] == "<conversation@mail.example>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.defects == []


def test_names_and_subjects_of_the_world_arrive(smtp_server: SmtpServer):
    send(
        language="ja",
        contact_name="山田 太郎",
        subject="返金 — Größe “M”",
        email_message_id="a@b",
        brand=Brand("アクメ・サポート"),
    )
    (mail,) = smtp_server.messages
    assert mail["Subject"] == "Re: 返金 — Größe “M”"
    assert "アクメ・サポート" in mail["From"]
    assert "山田 太郎" in next(iter(mail.iter_parts())).get_content()


def test_no_line_is_longer_than_mail_allows(smtp_server: SmtpServer):
    send(intro="word " * 600)
    assert max(map(len, smtp_server.envelopes[0].original_content.split(b"\r\n"))) <= 998


def test_a_batch_goes_over_one_connection(smtp_server: SmtpServer):
    with transports.session():
        for _ in range(5):
            send()
    assert (len(smtp_server.messages), smtp_server.connections) == (5, 1)


def test_without_a_batch_each_has_its_own(smtp_server: SmtpServer):
    send()
    send()
    assert smtp_server.connections == 2


def test_one_refused_address_does_not_spoil_the_batch(smtp_server: SmtpServer):
    smtp_server.behave("", "550 5.1.1 no such user", "")
    with transports.session():
        send()
        assert isinstance(refused(), Never)
        send()
    assert len(smtp_server.messages) == 2


@pytest.mark.parametrize("how", ["550 5.1.1 no such user", "551 not local", "553 5.1.3 bad address"])
def test_a_mailbox_that_is_not_there_is_never_and_suppressed(how: str, smtp_server: SmtpServer):
    smtp_server.behave(how)
    outcome = refused()
    assert isinstance(outcome, Never)
    assert (outcome.code, outcome.suppress, outcome.account) == (how[:3], True, False)


@pytest.mark.parametrize(
    "how", ["550 5.7.1 rejected by policy", "552 5.2.2 mailbox full", "DATA 554 5.7.1 looks like spam"]
)
def test_a_policy_says_nothing_about_the_address(how: str, smtp_server: SmtpServer):
    smtp_server.behave(how)
    outcome = refused()
    assert isinstance(outcome, Never)
    assert not outcome.suppress


@pytest.mark.parametrize(
    "how", ["450 4.2.1 greylisted", "451 try later", "DATA 451 4.3.0 queue full", "DATA 421 closing"]
)
def test_not_now_is_tried_again(how: str, smtp_server: SmtpServer):
    smtp_server.behave(how)
    assert isinstance(refused(), Retry)
    assert smtp_server.messages == []


def test_a_line_cut_before_the_message_is_certainly_not_sent(smtp_server: SmtpServer):
    smtp_server.behave("refuse")
    assert isinstance(refused(), Retry)


def test_a_line_cut_after_the_message_is_unknown(smtp_server: SmtpServer):
    smtp_server.behave("cut")
    assert isinstance(refused(), Unknown)
    assert len(smtp_server.messages) == 1


def test_silence_after_the_message_is_unknown(smtp_server: SmtpServer, settings: Any):
    settings.EMAIL_TIMEOUT = 0.5
    smtp_server.behave("slow")
    assert isinstance(refused(), Unknown)


def test_all_steps_together_have_a_limit(smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(smtp, "SECONDS", 0.4)
    smtp_server.behave("lag")
    started = time.monotonic()
    assert isinstance(refused(), Retry)
    assert time.monotonic() - started < 2


def test_an_unknown_mail_is_repeated_under_the_same_id(smtp_server: SmtpServer):
    smtp_server.behave("cut")
    refused()
    send()
    first, second = smtp_server.messages
    assert first["Message-ID"] == second["Message-ID"] == f"<{ask('email').reference}@acme.example>"


def test_nobody_can_look_a_mail_up(smtp_server: SmtpServer):
    assert registry.get("email").find(composed("email"), datetime.now(UTC)) is CANNOT_TELL


def test_the_batch_goes_on_after_a_cut_line(smtp_server: SmtpServer):
    smtp_server.behave("", "cut", "")
    with transports.session():
        send()
        assert isinstance(refused(), Unknown)
        send()
    assert (len(smtp_server.messages), smtp_server.connections) == (3, 2)


def test_a_line_that_went_dead_while_waiting_is_dialled_again(smtp_server: SmtpServer):
    with transports.session():
        send()
        smtp_server.drop_lines()
        send()
    assert (len(smtp_server.messages), smtp_server.connections) == (2, 2)


def test_nobody_there_is_certainly_not_sent(smtp_server: SmtpServer, settings: Any):
    settings.EMAIL_PORT = 1
    assert isinstance(refused(), Retry)


def test_a_refused_login_stops_the_account(smtp_server: SmtpServer, settings: Any):
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "acme", "wrong"
    outcome = refused()
    assert isinstance(outcome, Never)
    assert outcome.account


@pytest.mark.parametrize("name", ["X-Note", "Reply-To"])
def test_a_header_with_a_line_break_is_this_mails_own_failure(name: str, smtp_server: SmtpServer):
    message = composed("email")
    bad = replace(message, headers={**message.headers, name: "a@b.example\r\nBcc: everyone@x.example"})
    with pytest.raises(Never) as caught:
        registry.get("email").send(bad)
    assert (caught.value.account, caught.value.suppress) == (False, False)
    assert smtp_server.messages == []


@pytest.mark.parametrize("to", ["not an address", "a@b@c", "ana@", "ana\r\n@x.example"])
def test_an_address_that_is_none_is_never(to: str, smtp_server: SmtpServer):
    assert isinstance(refused(to=to), Never)
    assert smtp_server.messages == []
