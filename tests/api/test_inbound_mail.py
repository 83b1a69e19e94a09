"""Replies by email as three ESPs deliver them: whose they are, what counts, what is sent back."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.people import erasure, suppression
from csat.surveys import links
from csat.surveys.answers import auto_reply
from csat.surveys.models import Answer, CsatSettings, Delivery, Score
from csat.timeline.models import Event
from tests.factories import API, make_contact, make_sent_survey

pytestmark = pytest.mark.django_db
QUOTED = (
    "\n\nOn Mon, 2 Nov 2026 at 10:00, Acme <survey@acme.example> wrote:"
    "\n> How was your conversation?\n> 1 2 3 4 5"
)
KEY = "mailgun-signing-key"
Send = Callable[..., Any]


@pytest.fixture(autouse=True)
def _secret(settings: Any) -> None:
    settings.ANYMAIL = {**settings.ANYMAIL, "WEBHOOK_SECRET": "user:pass", "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}
    settings.DEFAULT_FROM_EMAIL = "Acme <survey@acme.example>"


@pytest.fixture(autouse=True)
def mails_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the queue and its worker."""
    monkeypatch.setattr(auto_reply, "enqueue", lambda _job, pk: auto_reply.send_auto_reply(pk))


@pytest.fixture
def delivery() -> Delivery:
    return make_sent_survey("email").deliveries.get()


def headers(delivery: Delivery | None, sender: str, **more: str) -> dict[str, str]:
    fields = {
        "From": f"Nadia <{sender}>",
        "To": "Acme <survey@acme.example>",
        "Subject": "Re: How was it?",
        "Message-ID": "<m1@mail>",
    }
    if delivery:
        fields |= {
            "In-Reply-To": f"<{delivery.uuid}@acme.example>",
            "References": f"<a@b> <{delivery.uuid}@acme.example>",
        }
    return {name: value for name, value in (fields | more).items() if value}


def basic(secret: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}


def by_postmark(
    text: str, told: dict[str, str], *, secret: str = "user:pass", html: str = "", **_: Any
) -> Any:
    """https://postmarkapp.com/developer/webhooks/inbound-webhook"""
    name, address = told["From"].rstrip(">").split(" <")
    body = {
        "FromName": name, "From": address, "FromFull": {"Email": address, "Name": name, "MailboxHash": ""},
        "To": told["To"], "ToFull": [{"Email": "survey@acme.example", "Name": "Acme", "MailboxHash": ""}],
        "CcFull": [], "BccFull": [],
        "OriginalRecipient": "survey@acme.example", "Subject": told["Subject"],
        "MessageID": "22c74902-a0c1-4511-804f2-341342852c90",
        "ReplyTo": "", "MailboxHash": "", "Date": "Mon, 2 Nov 2026 11:00:00 +0000", "TextBody": text,
        "HtmlBody": html,
        "StrippedTextReply": "", "Tag": "", "Attachments": [],
        "Headers": [{"Name": "Return-Path", "Value": f"<{address}>"}]
        + [{"Name": key, "Value": value} for key,
        value in told.items() if key not in {"From", "To", "Subject"}],
    }  # fmt: skip
    client = Client(enforce_csrf_checks=True)
    return client.post(
        "/callbacks/email/postmark/inbound/", body, content_type="application/json", headers=basic(secret)
    )


def by_mailgun(
    text: str, told: dict[str, str], *, secret: str = "user:pass", key: str = KEY, **_: Any
) -> Any:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/receive-forward-store: parsed messages"""
    stamp, token = "1793617200", "c5b0d3" * 8
    body = {
        "recipient": "survey@acme.example", "sender": told["From"].split("<")[1].rstrip(">"),
        "from": told["From"],
        "subject": told["Subject"], "body-plain": text, "stripped-text": text, "stripped-signature": "",
        "timestamp": stamp,
        "token": token,
        "signature": hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(),
        "message-headers": json.dumps(list(told.items())),
    }  # fmt: skip
    return Client(enforce_csrf_checks=True).post(
        "/callbacks/email/mailgun/inbound/", body, headers=basic(secret)
    )


def by_sparkpost(
    text: str, told: dict[str, str], *, secret: str = "user:pass", html: str = "", **_: Any
) -> Any:
    """https://developers.sparkpost.com/api/relay-webhooks/: the mail as it came"""
    mail = EmailMessage()
    for name, value in told.items():
        mail[name] = value
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    sender, content = (
        told["From"].split("<")[1].rstrip(">"),
        {"email_rfc822": mail.as_string(), "email_rfc822_is_base64": False},
    )
    relayed = {"rcpt_to": "survey@acme.example", "msg_from": sender, "protocol": "smtp", "content": content}
    body = [{"msys": {"relay_message": relayed}}]
    client = Client(enforce_csrf_checks=True)
    return client.post(
        "/callbacks/email/sparkpost/inbound/", body, content_type="application/json", headers=basic(secret)
    )


ESPS = [by_postmark, by_mailgun, by_sparkpost]


def write(
    delivery: Delivery, text: str, *, sender: str = "", esp: Send = by_postmark, html: str = "", **more: str
) -> Any:
    return esp(text, headers(delivery, sender or delivery.address, **more), html=html)


def scores() -> list[tuple[int, str, str]]:
    return list(Score.objects.values_list("score", "comment", "source"))


def left() -> list[str]:
    """What customers said in conversations, besides how they began."""
    events = Event.objects.filter(kind="message.received").exclude(data__text="My parcel has not come.")
    return [event.data["text"] for event in events]


def answers_back() -> list[SandboxMessage]:
    return [
        row
        for row in SandboxMessage.objects.order_by("id")
        if row.data["headers"].get("Auto-Submitted") == "auto-replied"
    ]


@pytest.mark.parametrize("esp", ESPS)
class TestEveryEsp:
    def test_a_number_is_the_answer_and_is_thanked_for_once(self, esp: Send, delivery: Delivery):
        assert write(delivery, f"4{QUOTED}", esp=esp).status_code == 200
        assert scores() == [(4, "", "email")]
        (thanks,) = answers_back()
        assert (thanks.to, thanks.text) == (delivery.address, "Thank you! You rated us 4 of 5: Good.")
        assert thanks.data["headers"]["In-Reply-To"] == f"<{delivery.uuid}@acme.example>"
        assert left() == []

    def test_told_twice_it_counts_once(self, esp: Send, delivery: Delivery):
        for _ in range(2):
            assert write(delivery, f"4{QUOTED}", esp=esp).status_code == 200
        assert (Answer.objects.count(), len(answers_back())) == (1, 1)

    def test_a_wrong_secret_changes_nothing(self, esp: Send, delivery: Delivery):
        assert esp("4", headers(delivery, delivery.address), secret="user:guess").status_code == 400
        assert scores() == left() == []

    def test_somebody_elses_mail_is_no_answer_but_a_note_in_the_conversation(
        self, esp: Send, delivery: Delivery
    ):
        assert write(delivery, f"1{QUOTED}", esp=esp, sender="mallory@elsewhere.example").status_code == 200
        assert scores() == answers_back() == left() == []
        event = Event.objects.get(kind="session.note", data__text="1")
        assert (event.session_id, event.actor_kind, event.actor_name) == (
            delivery.survey.session_id,
            "integration",
            "mallory@elsewhere.example",
        )


def test_a_bad_mailgun_signature_is_refused(delivery: Delivery):
    assert by_mailgun("4", headers(delivery, delivery.address), key="other").status_code == 400
    assert scores() == []


@pytest.mark.parametrize(
    "address", ["mailgun/inbound_mime/", "mandrill/inbound/", "brevo/inbound", "resend/inbound/"]
)
def test_other_esps_have_their_address_too(address: str):
    assert Client().head(f"/callbacks/email/{address}").status_code in {
        200,
        403,
    }  # 403: its own key is not set


@pytest.mark.parametrize("address", ["nonsense/inbound/", "postmark/outbound/", "mandrill/anything/"])
def test_an_address_nobody_has(address: str):
    assert (
        Client().post(f"/callbacks/email/{address}", {}, content_type="application/json").status_code == 404
    )


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailInsecureWebhookWarning")
def test_without_a_secret_nobody_is_let_in(delivery: Delivery, settings: Any):
    settings.ANYMAIL = {"WEBHOOK_SECRET": None}
    assert write(delivery, "4").status_code == 403


def test_the_timeline_says_that_it_came_by_mail(delivery: Delivery):
    write(delivery, f"5{QUOTED}")
    assert Event.objects.get(kind="csat.submitted").data["source"] == "email"


def test_what_stands_below_the_number_is_the_comment(delivery: Delivery):
    write(delivery, f"2\n\nNobody called me back.\n\nBest regards\nNadia Berg\n+49 30 1234567{QUOTED}")
    assert scores() == [(2, "Nobody called me back.", "email")]


def test_a_mail_within_half_an_hour_is_the_comment(delivery: Delivery):
    write(delivery, f"2{QUOTED}")
    (thanks,) = answers_back()
    assert thanks.text == "Thank you. You rated us 2 of 5. What went wrong? Just reply."
    told = {
        "In-Reply-To": thanks.data["headers"]["Message-ID"],
        "References": thanks.data["headers"]["References"],
        "Message-ID": "<m2@mail>",
    }
    write(delivery, f"Nobody called me back.\n\nSent from my iPhone{QUOTED}", **told)
    assert scores() == [(2, "Nobody called me back.", "email")]
    assert (left(), len(answers_back())) == ([], 1)


def test_after_half_an_hour_it_is_a_letter(delivery: Delivery, time_machine: Any):
    write(delivery, f"4{QUOTED}")
    from datetime import UTC, datetime, timedelta

    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=31))
    write(delivery, "By the way, where is my invoice?", **{"Message-ID": "<m2@mail>"})
    assert scores() == [(4, "", "email")]
    assert left() == ["By the way, where is my invoice?"]


def test_a_second_number_changes_the_answer(delivery: Delivery):
    write(delivery, "2")
    write(delivery, "4", **{"Message-ID": "<m2@mail>"})
    assert (scores(), Answer.objects.count()) == ([(4, "", "email")], 2)


def test_an_unclear_mail_is_asked_back_once_and_kept(delivery: Delivery):
    write(delivery, "4 or 5")
    write(delivery, "4-5", **{"Message-ID": "<m2@mail>"})
    (back,) = answers_back()
    assert back.text == "Please reply with one number from 1 (terrible) to 5 (excellent)."
    assert (scores(), left()) == ([], ["4 or 5", "4-5"])


def test_a_letter_is_left_to_the_conversation_whole(delivery: Delivery):
    write(delivery, f"Where is my invoice?\n\nRegards\nNadia{QUOTED}")
    assert left() == ["Where is my invoice?\n\nRegards\nNadia"]
    assert scores() == answers_back() == []


@pytest.mark.parametrize(
    "marks",
    [
        {"Auto-Submitted": "auto-replied"}, {"Auto-Submitted": "auto-generated (rejected)"},
        {"X-Autoreply": "yes"},
        {"Precedence": "auto_reply"}, {"X-Autorespond": "Re: How was it?"},
        {"Subject": "Automatische Antwort: How was it?"},
        {"Subject": "Out of Office: How was it?"}, {"From": "MAILER-DAEMON <mailer-daemon@customer.example>"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("esp", [by_postmark, by_sparkpost])
def test_a_robots_answer_never_counts_and_is_only_noted(marks: dict[str, str], esp: Send, delivery: Delivery):
    contact = delivery.survey.contact
    contact.change(email="mailer-daemon@customer.example" if "From" in marks else contact.email)
    write(delivery, f"5{QUOTED}", esp=esp, **marks)
    assert scores() == answers_back() == left() == []
    assert Event.objects.get(kind="session.note").data["text"] == "Automatic reply: 5"


def test_a_bounce_by_mail_fails_the_delivery_and_suppresses_the_address(delivery: Delivery):
    told = {
        "From": "MAILER-DAEMON <mailer-daemon@mx.example>",
        "X-Failed-Recipients": delivery.address,
        "In-Reply-To": "",
        "References": "",
    }
    text = f"550 5.1.1 no such user\n\nMessage-ID: <{delivery.uuid}@acme.example>"
    assert write(delivery, text, **told).status_code == 200
    assert (delivery.again().state, delivery.again().error_code) == ("failed", "5.1.1")
    assert suppression.is_suppressed("email", delivery.address)
    assert (left(), answers_back()) == ([], [])


def test_a_reaction_is_a_rating_without_a_comment(delivery: Delivery):
    write(delivery, f"😡\n\nJane Roe reacted via Gmail\n<https://www.google.com/gmail/about/>{QUOTED}")
    assert (scores(), left()) == ([(1, "", "email")], [])


def test_a_person_who_says_no_to_auto_submitted_is_a_person(delivery: Delivery):
    write(delivery, "5", **{"Auto-Submitted": "no"})
    assert scores() == [(5, "", "email")]


class TestFinding:
    def test_by_the_id_the_esp_put_in_place_of_ours(self, delivery: Delivery):
        delivery.change(provider_id="0102018f-7e1c")
        write(delivery, "4", **{"In-Reply-To": "<0102018f-7e1c@eu-west-1.amazonses.com>", "References": ""})
        assert scores() == [(4, "", "email")]

    def test_by_the_rating_link_it_quotes(self, delivery: Delivery):
        quoted = f"{QUOTED}\n> {links.rate_url(delivery.survey)}?score=5"
        write(delivery, f"4{quoted}", **{"In-Reply-To": "", "References": ""})
        assert scores() == [(4, "", "email")]

    def test_a_new_letter_from_the_same_person_is_no_answer(self, delivery: Delivery):
        write(delivery, "5", **{"In-Reply-To": "<other@thread>", "References": ""})
        assert (scores(), left()) == ([], ["5"])

    def test_a_mail_from_a_stranger_to_nothing_of_ours_changes_nothing(self):
        make_contact()
        assert by_postmark("5", headers(None, "stranger@elsewhere.example")).status_code == 200
        assert scores() == left() == []

    def test_the_person_may_have_changed_their_address(self, delivery: Delivery):
        delivery.survey.contact.change(email="new@customer.example")
        write(delivery, "4", sender="New@Customer.example")
        assert scores() == [(4, "", "email")]

    def test_a_mail_of_html_alone(self, delivery: Delivery):
        page = (
            "<html><head><style>p {margin: 4px}</style></head><body><div>3</div><div>It took &amp; took</div>"
        )
        page += '<div class="gmail_quote">On Monday Acme wrote: <blockquote>1 2 3 4 5</blockquote></div>'
        page += "</body></html>"
        write(delivery, "", html=page)
        assert scores() == [(3, "It took & took", "email")]

    def test_a_withdrawn_survey_takes_no_answer(self, delivery: Delivery):
        delivery.survey.change(state="cancelled")
        write(delivery, "5")
        assert (scores(), left()) == ([], ["5"])


def test_a_mail_from_somebody_erased_leaves_nothing_behind(delivery: Delivery):
    address = delivery.address
    erasure.erase(delivery.survey.contact, by=API)
    write(delivery, "5, I am Nadia", sender=address)
    assert (scores(), left()) == ([], [""])  # what was said before is blank


class TestWishes:
    def test_stop_by_mail_suppresses_the_address_and_nothing_goes_back(self, delivery: Delivery):
        write(delivery, f"STOP{QUOTED}")
        assert suppression.is_suppressed("email", delivery.address)
        assert (answers_back(), left()) == ([], ["STOP"])

    def test_a_stranger_who_does_not_hold_our_mail_cannot_stop_it(self, delivery: Delivery):
        by_postmark("unsubscribe", headers(None, "mallory@elsewhere.example"))
        assert not suppression.is_suppressed("email", delivery.address)

    def test_start_lifts_it_only_in_answer_to_our_mail(self, delivery: Delivery):
        write(delivery, "STOP")
        by_postmark("START", headers(None, delivery.address, **{"Message-ID": "<m2@mail>"}))
        assert suppression.is_suppressed("email", delivery.address)
        write(delivery, "START", **{"Message-ID": "<m3@mail>"})
        assert not suppression.is_suppressed("email", delivery.address)

    def test_help_by_mail_needs_a_person(self, delivery: Delivery):
        write(delivery, "Help!")
        assert (answers_back(), left()) == ([], ["Help!"])

    def test_nobody_who_opted_out_is_written_to(self, delivery: Delivery):
        suppression.suppress("email", delivery.address, reason="complained")
        write(delivery, "5")
        assert (len(scores()), answers_back()) == (1, [])


def test_the_thank_you_speaks_the_customers_language_and_under_the_brand():
    CsatSettings.objects.update_or_create(
        pk=1, defaults={"brand_name": "Möbelhaus", "reply_to": "reply@in.acme.example"}
    )
    delivery = make_sent_survey("email", language="de", subject="Sofa").deliveries.get()
    write(delivery, "5")
    (thanks,) = answers_back()
    assert (thanks.language, thanks.subject) == ("de", "Re: Wie war Ihr Gespräch mit Möbelhaus?")
    assert thanks.data["headers"]["Reply-To"] == "reply@in.acme.example"
    assert "5" in thanks.text
    assert "Thank you" not in thanks.text


def test_called_twice_the_worker_writes_once(delivery: Delivery):
    write(delivery, "5")
    assert not auto_reply.send_auto_reply(Event.objects.get(kind="csat.submitted").pk)
    assert len(answers_back()) == 1
