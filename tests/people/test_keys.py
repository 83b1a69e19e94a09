from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.lib.refusal import Invalid, Refused
from csat.people import keys, roles
from csat.people.models import ApiKey
from csat.timeline.models import Event

pytestmark = pytest.mark.django_db


def make(**told):
    return keys.create("Helpdesk", **({"scopes": ["csat:read"]} | told))


def test_a_key_opens_with_its_scopes():
    row, key = make()
    assert keys.authenticate(key) == row
    assert row.scopes == ["csat:read"]


def test_a_key_is_letters_and_digits_after_its_start():
    _, key = make()
    assert key.startswith("csat_live_")
    assert key.removeprefix("csat_live_").isalnum()
    assert len(key) >= 42


def test_the_key_itself_is_kept_nowhere():
    row, key = make()
    stored = str(ApiKey.objects.filter(pk=row.pk).values()) + str(Event.objects.values())
    assert key not in stored
    assert key.startswith(row.prefix)
    assert len(row.prefix) < 16


@pytest.mark.parametrize("key", ["", "csat_live_", "csat_live_" + "a" * 40, "Bearer", "csat_live_ümlaut"])
def test_no_other_key_opens(key):
    make()
    assert keys.authenticate(key) is None


def test_a_revoked_key_opens_nothing():
    row, key = make()
    assert keys.revoke(row)
    assert not keys.revoke(row)
    assert keys.authenticate(key) is None


def test_its_use_is_noted_at_most_once_a_minute(django_assert_num_queries):
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        row, key = make()
        keys.authenticate(key)
    with time_machine.travel(start + timedelta(seconds=59), tick=False), django_assert_num_queries(1):
        keys.authenticate(key)
    assert row.again().last_used_at == start
    with time_machine.travel(start + timedelta(seconds=61), tick=False):
        keys.authenticate(key)
    assert row.again().last_used_at == start + timedelta(seconds=61)


@pytest.mark.parametrize("scopes", [[], ["csat:delete"], ["csat:read", "everything"]])
def test_unknown_scopes_make_no_key(scopes):
    with pytest.raises(Invalid) as refused:
        make(scopes=scopes)
    assert list(refused.value.fields) == ["scopes"]
    assert not ApiKey.objects.exists()


def test_a_key_has_a_name():
    with pytest.raises(Invalid):
        keys.create(" ", scopes=["csat:read"])


def test_who_made_and_revoked_it_is_audited(admin_user):
    ada = roles.actor_of(admin_user)
    row, _ = make(by=ada)
    keys.revoke(row, by=ada)
    assert row.created_by == admin_user
    assert list(Event.objects.filter(kind="audit").values_list("actor_name", "data__what")) == [
        ("ada", "key.created"),
        ("ada", "key.revoked"),
    ]


def days(number: float) -> datetime:
    return timezone.now() + timedelta(days=number)


def audited(what: str) -> list[Event]:
    return list(Event.objects.filter(kind="audit", data__what=what).order_by("id"))


class TestExpiry:
    def test_it_opens_until_then_and_says_so_afterwards(self):
        row, key = make(expires_at=days(30))
        with time_machine.travel(days(30) - timedelta(minutes=1)):
            assert keys.authenticate(key) == row
        with time_machine.travel(days(30)), pytest.raises(keys.Expired, match="expired on"):
            keys.authenticate(key)

    def test_a_time_that_has_passed_is_refused(self):
        with pytest.raises(Invalid) as refused:
            make(expires_at=days(-1))
        assert list(refused.value.fields) == ["expires_at"]

    def test_whoever_uses_an_ended_key_is_in_the_audit_log_once_an_hour(self):
        _row, key = make(expires_at=days(1))
        with time_machine.travel(days(2)):
            for _ in range(3):
                with pytest.raises(keys.Expired):
                    keys.authenticate(key, address="203.0.113.7")
        (entry,) = audited("key.refused")
        assert (entry.actor_kind, entry.actor_name, entry.data["after"]) == (
            "api",
            "Helpdesk",
            {"reason": "expired"},
        )

    def test_admins_are_written_to_once_a_week_before(self, admin_user):
        make(expires_at=days(8))
        keys.create("Forever", scopes=["csat:read"])
        assert keys.tell_of_expiry() == 0
        with time_machine.travel(days(1.5)):
            assert keys.tell_of_expiry() == 1
            assert keys.tell_of_expiry() == 0
            assert [key.name for key in keys.expiring()] == ["Helpdesk"]
        written = SandboxMessage.objects.get()
        assert written.to == admin_user.email
        assert "Helpdesk" in written.text
        assert "/settings/api-keys/" in written.text

    def test_nobody_is_written_to_about_a_key_that_is_over_or_replaced(self, admin_user):
        revoked, _ = make(expires_at=days(3))
        keys.revoke(revoked)
        rotated, _ = make(expires_at=days(3))
        keys.rotate(rotated, keep=timedelta(days=1))
        make(expires_at=days(1))
        with time_machine.travel(days(2)):
            assert keys.tell_of_expiry() == 0


class TestNetworks:
    def test_it_opens_from_there_and_from_nowhere_else(self):
        row, key = make(from_networks=["203.0.113.7/24", "2001:db8::/32"])
        assert row.networks == ["203.0.113.0/24", "2001:db8::/32"]
        assert keys.authenticate(key, address="203.0.113.99") == row
        assert keys.authenticate(key, address="2001:db8::1") == row
        for address in ("198.51.100.7", "2001:db9::1", ""):
            with pytest.raises(keys.WrongNetwork):
                keys.authenticate(key, address=address)

    def test_from_where_it_was_used_is_noted(self):
        row, key = make()
        keys.authenticate(key, address="203.0.113.7")
        assert row.again().last_used_from == "203.0.113.7"

    def test_whoever_uses_it_elsewhere_is_in_the_audit_log_once_an_hour_and_changes_nothing(self):
        row, key = make(from_networks=["203.0.113.7"])
        for _ in range(3):
            with pytest.raises(keys.WrongNetwork):
                keys.authenticate(key, address="198.51.100.7")
        assert [entry.data["after"] for entry in audited("key.refused")] == [{"reason": "network"}]
        assert row.again().last_used_at is None

    @pytest.mark.parametrize("networks", [["acme.example"], ["203.0.113.0/40"], ["10.0.0.1"] * 51])
    def test_what_is_no_network_makes_no_key(self, networks):
        with pytest.raises(Invalid) as refused:
            make(from_networks=networks)
        assert list(refused.value.fields) == ["networks"]
        assert not ApiKey.objects.exists()


class TestRotation:
    def test_both_open_for_as_long_as_was_chosen(self):
        old, old_key = make(from_networks=["203.0.113.7"])
        new, new_key = keys.rotate(old, keep=timedelta(days=7))
        assert (new.name, new.scopes, new.networks) == (old.name, old.scopes, old.networks)
        assert new.rotated_from == old
        assert new.expires_at is None
        with time_machine.travel(days(6)):
            assert keys.authenticate(old_key, address="203.0.113.7") == old
            assert keys.authenticate(new_key, address="203.0.113.7") == new
        with time_machine.travel(days(7.1)):
            assert keys.authenticate(new_key, address="203.0.113.7") == new
            with pytest.raises(keys.Expired):
                keys.authenticate(old_key, address="203.0.113.7")

    def test_the_old_one_ends_at_once(self):
        old, old_key = make()
        keys.rotate(old, keep=timedelta(0))
        assert keys.authenticate(old_key) is None

    def test_it_lengthens_no_life(self):
        ends = days(2)
        old, _ = make(expires_at=ends)
        keys.rotate(old, keep=timedelta(days=7), expires_at=days(90))
        assert old.again().expires_at == ends

    def test_what_has_ended_or_was_rotated_is_not_rotated_again(self):
        old, _ = make()
        new, _ = keys.rotate(old, keep=timedelta(days=1))
        with pytest.raises(Refused):
            keys.rotate(old, keep=timedelta(days=1))
        keys.revoke(new)
        keys.rotate(old, keep=timedelta(days=1))
        with pytest.raises(Refused):
            keys.rotate(new, keep=timedelta(days=1))

    def test_it_is_audited_with_both_keys(self, admin_user):
        old, _ = make()
        new, key = keys.rotate(old, keep=timedelta(days=1), by=roles.actor_of(admin_user))
        (entry,) = audited("key.rotated")
        assert entry.actor_name == "ada"
        assert entry.data["before"]["prefix"] == old.prefix
        assert entry.data["after"]["prefix"] == new.prefix
        assert entry.data["target"] == f"apikey:{new.uuid}"
        assert key not in str(entry.data)
