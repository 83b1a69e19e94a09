"""What every row has: a change that happens only while it still is as it was, and many rows saved at once."""

import pytest
from django.db import IntegrityError, transaction

from csat.lib import rows
from csat.people.models import Contact
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def test_a_change_happens_only_while_the_row_is_as_expected():
    contact = make_contact(name="Nadia")
    assert contact.change(where={"name": "Nadia"}, name="Ana")
    assert not contact.change(where={"name": "Nadia"}, name="Eve")
    assert (contact.name, contact.again().name) == ("Ana", "Ana")


def test_a_change_is_seen_by_its_time():
    contact = make_contact()
    before = contact.updated_at
    contact.change(name="Ana")
    assert contact.again().updated_at > before


def test_many_rows_keep_what_differs_and_what_is_the_same(django_assert_max_num_queries):
    contacts = [make_contact() for _ in range(5)]
    for n, contact in enumerate(contacts):
        contact.name, contact.language, contact.timezone = f"Nadia {n}", "de", "UTC"
    with django_assert_max_num_queries(5):
        rows.bulk_save(contacts, "name", "language")
    saved = [contact.again() for contact in contacts]
    assert [contact.name for contact in saved] == [f"Nadia {n}" for n in range(5)]
    assert {contact.language for contact in saved} == {"de"}
    assert {contact.timezone for contact in saved} == {""}  # not named, not saved
    assert {contact.updated_at for contact in saved} == {contacts[0].updated_at}


def test_an_inserted_row_is_as_a_saved_one(django_assert_num_queries):
    contact = Contact(name="Nadia", custom_data={"plan": ["gold", None]}, language="de")
    with django_assert_num_queries(1):
        rows.insert([contact])
    stored = contact.again()
    assert all(getattr(stored, field.name) == getattr(contact, field.name) for field in Contact._meta.fields)
    assert (contact._state.adding, contact._state.db) == (False, "default")
    contact.name = "Ana"
    contact.save()
    assert Contact.objects.get().name == "Ana"


def test_other_rows_stay_and_no_rows_are_no_work(django_assert_num_queries):
    other, contact = make_contact(name="Other"), make_contact()
    contact.name = "Ana"
    rows.bulk_save([contact], "name")
    assert other.again().name == "Other"
    with django_assert_num_queries(0):
        rows.bulk_save([], "name")
    assert Contact.objects.count() == 2


def test_new_rows_are_written_by_one_statement_and_know_their_keys(monkeypatch, django_assert_num_queries):
    contacts = [Contact(name=f"Nadia {n}", email=f"n{n}@example.com") for n in range(5)]
    with django_assert_num_queries(1):
        assert rows.insert(contacts) == contacts
    assert [Contact.objects.get(pk=contact.pk).name for contact in contacts] == [
        f"Nadia {n}" for n in range(5)
    ]
    assert not any(contact._state.adding for contact in contacts)
    monkeypatch.setattr(rows, "AT_ONCE", 2)
    with django_assert_num_queries(3):
        assert len({contact.pk for contact in rows.insert([Contact() for _ in range(5)])}) == 5
    with django_assert_num_queries(0):
        assert rows.insert([]) == []


def test_a_new_row_that_breaks_a_rule_is_refused():
    rows.insert([Contact(email="ana@example.com")])
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.insert([Contact(email="ana@example.com")])
    assert not rows.insert_if_new(Contact(email="ana@example.com"))
    assert rows.insert_if_new(Contact(email="bob@example.com"))
