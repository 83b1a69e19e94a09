"""Mails that came back, as mail servers write them: for whom, why, and which of ours."""

import pytest
from anymail.inbound import AnymailInboundMessage

from csat.channels.transports import email_bounces

OURS = "5f0c6a52-6f6b-4f0e-9a4b-0d8f3f5a1c11@acme.example"
REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: survey@acme.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Content-Type: multipart/report; report-type=delivery-status; boundary="B"
MIME-Version: 1.0

--B
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; Ann@Customer.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} <ann@customer.example>: Recipient address
    rejected: User unknown

--B
Content-Type: {kind}

From: survey@acme.example
To: ann@customer.example
Message-ID: <{ours}>
Subject: How was it?

--B--
"""


def mail(
    action: str = "failed", status: str = "5.1.1", kind: str = "message/rfc822"
) -> AnymailInboundMessage:
    return AnymailInboundMessage.parse_raw_mime(
        REPORT.format(action=action, status=status, kind=kind, ours=OURS)
    )


def read(message: AnymailInboundMessage):
    return email_bounces.read(message, message.text or "")


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_names_the_recipient_the_reason_and_our_mail(kind: str) -> None:
    """RFC 3464 with the mail, or only its headers, returned."""
    bounce = read(mail(kind=kind))
    assert (bounce.recipient, bounce.status, bounce.message_id) == ("ann@customer.example", "5.1.1", OURS)
    assert bounce.text.startswith("550 5.1.1 <ann@customer.example>: Recipient address rejected")
    assert bounce.lasting


@pytest.mark.parametrize(
    ("status", "lasting"),
    [("5.1.1", True), ("5.1.10", True), ("5.0.0", True), ("5.2.1", True), ("5.2.2", False), ("5.7.1", False),
     ("4.4.7", False)],
)  # fmt: skip
def test_only_a_mailbox_that_is_not_there_stays_away(status: str, lasting: bool) -> None:
    assert read(mail(status=status)).lasting is lasting


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_late_or_went_well_is_no_bounce(action: str) -> None:
    assert read(mail(action=action)) is None


def as_postmark_hands_it_on() -> AnymailInboundMessage:
    """Body and attachments apart, the type of the whole lost."""
    report = AnymailInboundMessage.construct_attachment(
        "message/delivery-status",
        b"Reporting-MTA: dns; mx.example\n\n"
        b"Final-Recipient: rfc822; ann@customer.example\nAction: failed\nStatus: 5.1.1\n",
    )
    returned = AnymailInboundMessage.construct_attachment(
        "message/rfc822", f"Message-ID: <{OURS}>\n\nHi".encode()
    )
    return AnymailInboundMessage.construct(
        from_email="postmaster@mx.example", text="It came back.", attachments=[report, returned]
    )


def test_an_esp_that_takes_mails_apart_loses_nothing() -> None:
    bounce = read(as_postmark_hands_it_on())
    assert (bounce.recipient, bounce.status, bounce.message_id) == ("ann@customer.example", "5.1.1", OURS)


def test_exim_names_the_recipient_in_a_header() -> None:
    message = AnymailInboundMessage.construct(
        from_email="Mailer-Daemon@mx.example",
        headers={"X-Failed-Recipients": "Ann@customer.example"},
        text=f"A message could not be delivered.\n\n550 No Such User Here\n\nMessage-ID: <{OURS}>\n",
    )
    bounce = read(message)
    assert (bounce.recipient, bounce.message_id, bounce.lasting) == ("ann@customer.example", OURS, True)
    assert bounce.text == "550 No Such User Here"


def test_a_mail_server_may_say_it_in_words_alone() -> None:
    message = AnymailInboundMessage.construct(
        from_email="MAILER-DAEMON@mx.example",
        text="This is the qmail-send program.\n<ann@x.example>:\n5.1.1 unknown",
    )
    bounce = read(message)
    assert (bounce.recipient, bounce.status, bounce.message_id, bounce.lasting) == ("", "5.1.1", "", True)


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        ("ann@customer.example", "Your server said 550 5.1.1 to me"),
        ("MAILER-DAEMON@mx.example", "I am on leave."),
        ("postmaster@mx.example", "We have moved to 5.1.1.7, and room 550."),
    ],
)
def test_other_mails_are_none(sender: str, text: str) -> None:
    assert read(AnymailInboundMessage.construct(from_email=sender, text=text)) is None
