from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from csat.lib.refusal import Invalid
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
    assert (
        list(Event.objects.filter(kind="audit").values_list("actor_name", "data__what"))
        == [("ada", "api_key")] * 2
    )
