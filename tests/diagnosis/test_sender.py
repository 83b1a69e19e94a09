"""SPF, DKIM and DMARC of whoever our mails come from, by a real DNS server."""

from collections.abc import Iterator
from typing import Any

import pytest

from csat.diagnosis import sender
from csat.diagnosis.findings import Level
from csat.people import brands
from csat.timeline.recording import SYSTEM
from tests.standins.names import GOOD, NameServer


@pytest.fixture
def names(settings: Any) -> Iterator[NameServer]:
    with NameServer(dict(GOOD)) as server:
        settings.DNS_SERVER, settings.DKIM_SELECTOR, settings.ANYMAIL_ESP = server.address, "mail", ""
        yield server


def levels(domain: str = "acme.example") -> list[Level]:
    return [finding.level for finding in sender.examine(domain)]


def test_all_three_are_there(names: NameServer) -> None:
    assert levels() == [Level.OK] * 3


def test_a_domain_that_does_not_exist_has_none(names: NameServer) -> None:
    assert levels("other.example") == [Level.ERROR, Level.ERROR, Level.WARNING]


def test_two_spf_records_are_none_and_one_for_everybody_is_odd(names: NameServer) -> None:
    names.texts["acme.example"] = ["v=spf1 -all", "v=spf1 a -all", "verification=x"]
    assert levels()[0] == Level.ERROR
    names.texts["acme.example"] = ["v=spf1 +all"]
    assert levels()[0] == Level.WARNING
    names.texts["acme.example"] = ["v=spf10 -all"]
    assert levels()[0] == Level.ERROR


def test_without_a_selector_any_key_will_do(names: NameServer, settings: Any) -> None:
    settings.DKIM_SELECTOR = ""
    assert levels()[1] == Level.OK
    assert "mail._domainkey.acme.example" not in names.asked
    del names.texts["mail._domainkey.acme.example"]
    assert levels()[1] == Level.WARNING


def test_a_wrong_selector_is_an_error(names: NameServer, settings: Any) -> None:
    settings.DKIM_SELECTOR = "old"
    assert levels()[1] == Level.ERROR


def test_dmarc_of_the_domain_above_holds(names: NameServer) -> None:
    names.texts["care.acme.example"] = ["v=spf1 -all"]
    *_others, dmarc = sender.examine("care.acme.example")
    assert dmarc.level == Level.OK
    assert "p=reject" in dmarc.text


def test_an_esp_has_an_envelope_of_its_own(names: NameServer, settings: Any) -> None:
    settings.ANYMAIL_ESP = "postmark"
    assert len(levels()) == 2


def test_a_resolver_that_is_away_is_a_warning(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DNS_SERVER = "127.0.0.1:1"
    monkeypatch.setattr(sender, "SECONDS", 0.3)
    [finding] = sender.examine("acme.example")
    assert finding.level == Level.WARNING
    assert "DNS does not answer" in finding.text


@pytest.mark.django_db
def test_brands_with_a_sender_of_their_own_are_examined_too(names: NameServer, settings: Any) -> None:
    assert sender.to_ask() == []
    settings.EMAIL_CONFIGURED, settings.DEFAULT_FROM_EMAIL = True, "Acme <support@acme.example>"
    brands.create(by=SYSTEM, slug="zebra", name="Zebra", sender="Zebra <care@zebra.example>")
    found = [finding for ask in sender.to_ask() for finding in ask()]
    assert {finding.text.split(" ")[0].strip(".") for finding in found} >= {"acme.example", "zebra.example"}
