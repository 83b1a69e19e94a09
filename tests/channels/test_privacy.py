"""The sandbox forgets by address and by reference; a provider's words that quote an address go."""

import pytest

from csat.channels import circuits, privacy
from csat.channels.circuits import Circuit, Way
from csat.channels.outbox import SandboxMessage
from csat.lib.outcomes import Retry

pytestmark = pytest.mark.django_db


def keep(to, reference=""):
    SandboxMessage.objects.create(kind="email", medium="email", to=to, text="Hello", reference=reference)


def test_messages_to_an_address_go_on_every_channel():
    for to in ("ana@customer.example", "+4930123", "whatsapp:+4930123", "else@customer.example"):
        keep(to)
    privacy.erase_addresses(["ana@customer.example", "whatsapp:+4930123"])
    assert [message.to for message in SandboxMessage.objects.all()] == ["else@customer.example"]


def test_messages_to_colleagues_go_by_their_reference(monkeypatch):
    monkeypatch.setattr(privacy, "BATCH", 2)
    for number in range(5):
        keep("boss@acme.example", f"r{number}")
    privacy.erase_messages(f"r{number}" for number in range(4))
    assert [message.reference for message in SandboxMessage.objects.all()] == ["r4"]


def test_a_circuit_does_not_quote_an_erased_address():
    for provider, text in (("smtp", "450 <Ana@customer.example> later"), ("anymail", "refused")):
        circuits.note(Way("email", provider), [("ana@customer.example", Retry(text, outage=True))])
    privacy.erase_addresses(["ana@customer.example"])
    assert set(Circuit.objects.values_list("provider", "reason")) == {("smtp", ""), ("anymail", "refused")}


def test_messages_are_told_by_their_reference():
    keep("boss@acme.example", "r1")
    keep("boss@acme.example", "r2")
    assert [message["to"] for message in privacy.export_messages(["r1"])] == ["boss@acme.example"]
