"""A mail that came in, in our words: who wrote, what, to which of our mails, and whether a person did."""

from email import message_from_string
from types import SimpleNamespace

import pytest
from anymail.inbound import AnymailInboundMessage

from csat.channels.transports import email_inbound

TOKEN = "0123456789abcdefghijkl"


def mail(body: str = "5", envelope_sender: str | None = None, **headers: str) -> AnymailInboundMessage:
    fields = {"From": "Nadia <Nadia@Customer.example>", "Subject": "Re: How was it?"} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items())
    message = message_from_string(f"{head}\n{body}", _class=AnymailInboundMessage)
    message.envelope_sender = envelope_sender
    return message


def heard(message: AnymailInboundMessage | None):
    return email_inbound.from_inbound(SimpleNamespace(message=message, timestamp=None, event_id="E1"))


def test_an_answer_names_its_sender_and_the_mails_it_answers_the_latest_first() -> None:
    event = heard(mail(Message_ID="<m3@mail>", In_Reply_To="<m2@acme>", References="<m1@acme> <m2@acme>"))
    assert (event.type, event.medium, event.address) == ("replied", "email", "nadia@customer.example")
    assert (event.text, event.event_id, event.thread) == ("5", "m3@mail", ("m2@acme", "m1@acme"))


def test_the_quotation_is_left_out_but_its_rating_link_is_kept() -> None:
    event = heard(mail(f"5\n\n> How was it?\n> https://csat.acme.example/r/{TOKEN}?score=1\n"))
    assert event.text == "5"
    assert event.tokens == (TOKEN,)


def test_a_mail_of_html_alone_is_read_too() -> None:
    assert heard(mail("<p>4</p><blockquote>1 2 3</blockquote>", Content_Type="text/html")).text == "4"


def test_an_event_without_a_message_is_none() -> None:
    assert heard(None) is None


def test_a_bounce_is_told_as_one_and_names_the_mail_that_came_back() -> None:
    event = heard(
        mail(
            "550 5.1.1 no such user\n\nMessage-ID: <m1@acme>\n",
            From="mailer-daemon@mx.example",
            X_Failed_Recipients="ann@customer.example",
            References="<other@acme>",
        )
    )
    assert (event.type, event.address, event.code) == ("bounced", "ann@customer.example", "5.1.1")
    assert (event.thread, event.suppress, event.automatic) == (("m1@acme",), True, True)


def test_a_bounce_that_may_pass_is_a_failure_that_suppresses_nothing() -> None:
    event = heard(mail("552 5.2.2 mailbox full", From="mailer-daemon@mx.example", In_Reply_To="<m1@acme>"))
    assert (event.type, event.suppress, event.thread) == ("failed", False, ("m1@acme",))


def test_a_mail_from_several_is_from_nobody() -> None:
    assert heard(mail(From="a@x.example, b@x.example")).address == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied; owner-email=x"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"From": "no-reply@customer.example"},
        {"Content_Type": "multipart/report; boundary=x"},
        {"Subject": "Automatic reply: How was it?"},
        {"envelope_sender": "<>"},
    ],
)
def test_a_robot_is_known_by_any_of_its_marks(headers: dict[str, str]) -> None:
    assert email_inbound.is_automatic(mail(**headers))


@pytest.mark.parametrize(
    "headers", [{}, {"Auto_Submitted": "no"}, {"envelope_sender": "nadia@customer.example"}]
)
def test_a_person_is_not(headers: dict[str, str]) -> None:
    assert not email_inbound.is_automatic(mail(**headers))
