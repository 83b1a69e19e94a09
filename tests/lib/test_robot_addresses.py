"""Which email addresses belong to programs."""

import pytest

from csat.lib import robot_addresses


@pytest.mark.parametrize(
    "local",
    [
        "no-reply", "noreply", "NoReply", "no.reply", "no_reply", "do-not-reply", "donotreply", "DoNotReply",
        "mailer-daemon", "MAILER-DAEMON", "postmaster", "bounce", "bounces", "bounces+4711=ann=a.example",
        "bounce-4711", "noreply+4711", "no-reply-orders", "orders-noreply", "notifications.noreply",
        "autoresponder", "nicht-antworten", "bitte-nicht-antworten", "keineantwort", "ne-pas-repondre",
        "nepasrépondre", "no-responder", "non-rispondere", "nao-responda", "não-responda",
        "niet-beantwoorden", "nie-odpowiadaj", "yanitlamayin", "yanıtlamayınız",
    ],
)  # fmt: skip
def test_a_robots_address_is_known_in_every_language_that_writes_it(local: str) -> None:
    """freescout-help-desk/freescout#634, #1258: asking them only makes bounces."""
    assert robot_addresses.is_robot(f"{local}@shop.example")


@pytest.mark.parametrize(
    "address",
    [
        "ann@noreply.example", "reply@shop.example", "nora.eply@shop.example", "john.bounce@shop.example",
        "bouncer@club.example", "support@shop.example", "info@postmaster.example", "nobody.knows@a.example",
        "", "robot@shop.example", "auto.haus@shop.example",
    ],
)  # fmt: skip
def test_a_persons_is_not(address: str) -> None:
    assert not robot_addresses.is_robot(address)


def test_bounces_come_from_mail_servers() -> None:
    assert robot_addresses.is_mail_server("MAILER-DAEMON@mx.example")
    assert robot_addresses.is_mail_server("postmaster@mx.example")
    assert not robot_addresses.is_mail_server("no-reply@mx.example")
