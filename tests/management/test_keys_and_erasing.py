from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from csat.people import keys
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_a_key_is_printed_alone_and_opens_everything():
    key = run("apikey", "Helpdesk").removesuffix("\n")
    assert keys.authenticate(key).scopes == sorted(keys.SCOPES)


def test_a_key_has_the_scopes_that_were_named():
    key = run("apikey", "Reader", "--scopes", "contacts:read, csat:write").strip()
    assert keys.authenticate(key).scopes == ["contacts:read", "csat:write"]


def test_a_key_has_an_end_and_networks():
    key = run("apikey", "Reader", "--days", "30", "--from", "203.0.113.7/24", "--from", "2001:db8::1").strip()
    row = keys.authenticate(key, address="203.0.113.99")
    assert row.networks == ["203.0.113.0/24", "2001:db8::1"]
    assert timedelta(days=29) < row.expires_at - timezone.now() < timedelta(days=30, seconds=1)
    with pytest.raises(keys.WrongNetwork):
        keys.authenticate(key, address="198.51.100.7")


@pytest.mark.parametrize(
    ("option", "value", "text"), [("--days", "0", "--days"), ("--from", "acme.example", "networks: acme")]
)
def test_what_cannot_be_used_makes_no_key(option: str, value: str, text: str):
    with pytest.raises(CommandError, match=text):
        run("apikey", "Reader", option, value)


def test_an_unknown_scope_makes_no_key():
    with pytest.raises(CommandError, match="contacts:read"):
        run("apikey", "Reader", "--scopes", "everything")


def test_a_contact_is_erased_by_its_id():
    contact = make_contact()
    assert str(contact.uuid) in run("erase_contact", str(contact.uuid))
    assert contact.again().erased_at


@pytest.mark.parametrize("name", ["00000000-0000-4000-8000-000000000000", "nadia"])
def test_nobody_is_erased_by_a_name_that_is_no_contact(name):
    with pytest.raises(CommandError):
        run("erase_contact", name)


def test_nobody_is_erased_twice():
    contact = make_contact()
    run("erase_contact", str(contact.uuid))
    with pytest.raises(CommandError, match="no contact"):
        run("erase_contact", str(contact.uuid))


def test_a_demo_of_fewer_than_no_sessions_is_refused() -> None:
    with pytest.raises(CommandError, match="--sessions"):
        call_command("demo", "--sessions=-5")
