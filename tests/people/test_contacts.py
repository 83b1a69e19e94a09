import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from csat.lib.refusal import Invalid, Missing, Refused
from csat.people import contacts, erasure
from csat.people.details import Details
from csat.people.models import Contact, Organization
from csat.timeline.models import Event
from tests.factories import API, make_contact

pytestmark = pytest.mark.django_db


class TestFinding:
    def test_the_external_id_goes_before_the_email_and_the_email_before_the_phone(self):
        by_id, _ = contacts.find_or_create(external_id="crm-1")
        by_email, _ = contacts.find_or_create(email="a@customer.example")
        by_phone, _ = contacts.find_or_create(phone="+4930123456")
        everything = {"email": "a@customer.example", "phone": "+4930123456"}
        assert contacts.find_or_create(external_id="crm-1", **everything) == (by_id, False)
        assert contacts.find_or_create(**everything) == (by_email, False)
        assert contacts.find_or_create(email="b@customer.example", phone="+4930123456") == (by_phone, False)

    def test_an_email_is_the_same_in_any_case(self):
        nadia, created = contacts.find_or_create(email="Nadia@Customer.Example")
        assert created
        assert contacts.find_or_create(email=" nadia@CUSTOMER.example ") == (nadia, False)
        assert nadia.email == "nadia@customer.example"

    def test_a_phone_is_the_same_however_it_is_written(self):
        nadia, _ = contacts.find_or_create(phone="+49 (30) 123-456")
        assert nadia.phone == "+4930123456"
        assert contacts.find_or_create(phone="+4930123456") == (nadia, False)

    @pytest.mark.parametrize(
        ("kept", "told"),
        [
            ("+525598765432", "+5215598765432"),
            ("+554188887777", "+5541988887777"),
            ("+5491143211234", "+541143211234"),
        ],
    )
    def test_a_phone_is_the_same_in_both_spellings(self, kept: str, told: str) -> None:
        """chatwoot#14048, #12655, #14264"""
        nadia, _ = contacts.find_or_create(phone=kept)
        assert contacts.find_or_create(phone=told, name="Nadia") == (nadia, False)
        assert (nadia.again().phone, nadia.again().name) == (kept, "Nadia")
        both = contacts.find_or_create_many([Details(phone=told), Details(phone=kept)])
        assert both == [(nadia, False), (nadia, False)]
        assert contacts.search(Contact.objects.all(), told).get() == nadia

    def test_an_email_is_the_same_in_both_spellings(self) -> None:
        """unmade/shelf-back#50"""
        zoe, _ = contacts.find_or_create(email="x@münchen.example", name="Zoe\u0308")
        assert contacts.find_or_create(email="x@mu\u0308nchen.example") == (zoe, False)
        assert zoe.name == "Zoë"
        for text in ("Zoe\u0308", "X@xn--mnchen-3ya.example"):
            assert contacts.search(Contact.objects.all(), text).get() == zoe
        with pytest.raises(Invalid):
            contacts.change(make_contact(), email="x@xn--mnchen-3ya.example")

    def test_what_an_earlier_version_stored_in_parts_is_found(self) -> None:
        zoe = make_contact()
        zoe.change(email="x@mu\u0308nchen.example")
        assert contacts.find_or_create(email="x@münchen.example") == (zoe, False)

    def test_two_new_ones_in_one_call_are_one(self) -> None:
        pairs = contacts.find_or_create_many(
            [Details(phone="+525598765432"), Details(phone="+5215598765432", name="Ana")]
        )
        assert [created for _contact, created in pairs] == [True, False]
        assert Contact.objects.get().name == "Ana"

    def test_ids_of_machines_are_compared_as_they_are(self) -> None:
        first, _ = contacts.find_or_create(external_id="CRM-1")
        assert contacts.find_or_create(external_id="crm-1") != (first, False)
        assert contacts.find_or_create(external_id="cafe\u0301-1")[0].external_id == "cafe\u0301-1"

    def test_of_two_with_one_phone_the_older_is_meant(self):
        first, second = make_contact(phone="+4930123456"), make_contact(phone="+4930999999")
        contacts.change(second, phone="+4930123456")
        assert contacts.find_or_create(phone="+4930123456") == (first, False)

    def test_nothing_told_makes_an_anonymous_contact_every_time(self):
        assert contacts.find_or_create()[0] != contacts.find_or_create()[0]
        assert str(contacts.find_or_create()[0]) == "Anonymous"

    def test_two_people_are_never_merged(self):
        with_id, _ = contacts.find_or_create(external_id="crm-1")
        with_email, _ = contacts.find_or_create(email="a@customer.example")
        contacts.find_or_create(external_id="crm-1", email="a@customer.example")
        assert with_id.again().email == ""
        assert with_email.again().external_id is None

    def test_an_erased_contact_is_not_found_again(self):
        old = make_contact(email="a@customer.example")
        erasure.erase(old, by=API)
        assert contacts.find_or_create(email="a@customer.example")[1]


class TestFilling:
    def test_what_was_missing_is_filled_in(self):
        nadia, _ = contacts.find_or_create(email="a@customer.example")
        contacts.find_or_create(
            email="a@customer.example",
            phone="+4930123456",
            external_id="crm-1",
            name="Nadia",
            language="de",
            timezone="Europe/Berlin",
        )
        nadia = nadia.again()
        assert (nadia.phone, nadia.external_id, nadia.name) == ("+4930123456", "crm-1", "Nadia")
        assert (nadia.language, nadia.timezone) == ("de", "Europe/Berlin")

    def test_a_new_name_replaces_the_old_one_and_no_name_does_not(self):
        nadia = make_contact(email="a@customer.example", name="N. Berg")
        contacts.find_or_create(email="a@customer.example", name="Nadia Berg-Haddad")
        contacts.find_or_create(email="a@customer.example")
        assert nadia.again().name == "Nadia Berg-Haddad"

    def test_an_address_is_never_replaced(self):
        nadia = make_contact(email="a@customer.example", phone="+4930123456")
        contacts.find_or_create(email="a@customer.example", phone="+4930999999")
        assert nadia.again().phone == "+4930123456"

    def test_custom_data_is_merged_by_name(self):
        nadia = make_contact(email="a@customer.example", custom_data={"plan": "pro", "seats": 3})
        contacts.find_or_create(email="a@customer.example", custom_data={"plan": "max"})
        assert nadia.again().custom_data == {"plan": "max", "seats": 3}

    def test_a_change_moves_updated_at_and_no_change_does_not(self):
        nadia = make_contact(email="a@customer.example", name="Nadia")
        contacts.find_or_create(email="a@customer.example", name="Nadia")
        assert nadia.again().updated_at == nadia.updated_at
        contacts.find_or_create(email="a@customer.example", name="Nadia B.")
        assert nadia.again().updated_at > nadia.updated_at


class TestRefusing:
    def test_a_phone_without_plus_is_refused_by_name(self):
        with pytest.raises(Invalid) as refused:
            contacts.find_or_create(phone="030 123456")
        assert list(refused.value.fields) == ["phone_number"]

    def test_everything_wrong_is_told_at_once(self):
        with pytest.raises(Invalid) as refused:
            contacts.find_or_create(phone="+49", email="nadia@", timezone="Mars/Olympus", name="x" * 201)
        assert set(refused.value.fields) == {"phone_number", "email", "timezone", "name"}

    @pytest.mark.parametrize(
        "told", [{"name": 5}, {"email": ["a"]}, {"custom_data": "plan"}, {"phone": 4930123456}]
    )
    def test_what_is_no_text_is_refused(self, told):
        with pytest.raises(Invalid):
            contacts.find_or_create(**told)

    def test_an_unknown_language_is_left_to_the_installation(self):
        assert make_contact(language="tlh").language == ""
        assert make_contact(language="pt").language == "pt-br"

    def test_a_name_cannot_start_a_header_line(self):
        assert make_contact(name="Nadia\r\nBcc: all@acme.example\x00").name == "Nadia Bcc: all@acme.example"

    def test_what_a_database_cannot_keep_is_left_out(self):
        assert make_contact(custom_data={"a\x00": ["\ud800b"]}).custom_data == {"a": ["b"]}


class TestChanging:
    def test_a_field_is_set_and_emptied(self):
        nadia = contacts.change(make_contact(), name="Nadia", phone=None, external_id="crm-1")
        assert (nadia.again().name, nadia.again().phone) == ("Nadia", "")
        assert contacts.change(nadia, external_id=None).again().external_id is None

    def test_custom_data_is_merged_and_null_removes(self):
        nadia = make_contact(custom_data={"plan": "pro", "seats": 3})
        assert contacts.change(nadia, custom_data={"seats": None, "city": "Bonn"}).again().custom_data == {
            "plan": "pro",
            "city": "Bonn",
        }

    @pytest.mark.parametrize("field", ["email", "external_id"])
    def test_what_another_contact_has_is_refused(self, field):
        make_contact(email="a@customer.example", external_id="crm-1")
        with pytest.raises(Invalid) as refused:
            contacts.change(
                make_contact(), **{field: {"email": "A@customer.example", "external_id": "crm-1"}[field]}
            )
        assert list(refused.value.fields) == [field]

    def test_a_change_by_staff_is_audited(self):
        nadia = make_contact(name="Nadja")
        contacts.change(nadia, name="Nadia", by=API)
        event = Event.objects.get(kind="audit")
        assert (event.contact_id, event.data["before"], event.data["after"]) == (
            nadia.pk,
            {},
            {"changed": ["name"]},
        )

    def test_nobody_changes_an_erased_contact(self):
        nadia = make_contact()
        erasure.erase(nadia, by=API)
        with pytest.raises(Missing):
            contacts.change(nadia, name="Nadia")


class TestMany:
    def test_the_same_person_told_twice_is_one(self):
        told = [
            Details.from_input(email="a@customer.example"),
            Details.from_input(email="A@customer.example", name="Nadia"),
            Details.from_input(),
        ]
        (first, new), (second, again), (anonymous, _) = contacts.find_or_create_many(told)
        assert (first, new, again) == (second, True, False)
        assert Contact.objects.count() == 2
        assert first.again().name == "Nadia"
        assert anonymous.pk

    def test_a_hundred_cost_no_more_queries_than_two(self, django_assert_max_num_queries):
        make_contact(email="c1@customer.example")
        told = [
            Details.from_input(email=f"c{n}@customer.example", phone=f"+49301000{n:03}", name=f"N {n}")
            for n in range(100)
        ]
        with django_assert_max_num_queries(6):
            contacts.find_or_create_many(told)
        assert Contact.objects.count() == 100


@pytest.mark.parametrize("text", ["nadia", "BERG", "a@customer", "30 123", "crm-1"])
def test_a_contact_is_searched_by_name_address_and_external_id(text):
    nadia = make_contact(
        name="Nadia Berg", email="a@customer.example", phone="+4930123456", external_id="crm-1"
    )
    make_contact(name="Omar", email="b@elsewhere.example", phone="+33140000000")
    assert list(contacts.search(Contact.objects.alive(), text)) == [nadia]


def test_an_empty_search_finds_everybody():
    make_contact()
    assert contacts.search(Contact.objects.all(), " ").count() == 1


class TestRacing:
    """What PostgreSQL shows in test_races, step by step."""

    def test_who_comes_a_moment_later_finds_the_contact_of_the_first(self, monkeypatch):
        first = make_contact(email="a@customer.example")
        looks = iter([lambda _: [], contacts._candidates])  # the first look is before the other's commit
        monkeypatch.setattr(contacts, "_candidates", lambda people: next(looks)(people))
        assert contacts.find_or_create(email="a@customer.example") == (first, False)

    def test_who_never_finds_it_is_told_to_try_again(self, monkeypatch):
        make_contact(email="a@customer.example")
        monkeypatch.setattr(contacts, "_candidates", lambda _: [])
        with pytest.raises(Refused, match="Try again"):
            contacts.find_or_create(email="a@customer.example")

    def test_an_address_taken_while_changing_is_refused(self, monkeypatch):
        make_contact(email="a@customer.example")
        looks = iter([lambda *_: None, contacts._refuse_taken])
        monkeypatch.setattr(contacts, "_refuse_taken", lambda *given: next(looks)(*given))
        with pytest.raises(Invalid) as refused:
            contacts.change(make_contact(), email="a@customer.example")
        assert list(refused.value.fields) == ["email"]

    def test_an_old_copy_of_the_row_overwrites_nothing(self):
        nadia = make_contact(custom_data={"plan": "pro"})
        copy = nadia.again()
        contacts.change(nadia, custom_data={"seats": 3})
        contacts.change(copy, custom_data={"city": "Bonn"})
        assert nadia.again().custom_data == {"plan": "pro", "seats": 3, "city": "Bonn"}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    name=st.text(),
    data=st.dictionaries(st.text(), st.text() | st.none() | st.floats(allow_nan=False, allow_infinity=False)),
    text=st.text(),
)
def test_whatever_is_told_is_kept_or_refused(name, data, text):
    for told in (
        {"name": name, "custom_data": data},
        {"email": text},
        {"phone": "+" + text},
        {"external_id": text},
        {"timezone": text},
    ):
        try:
            contact, _ = contacts.find_or_create(**told)
        except Invalid:
            continue
        assert "\n" not in contact.again().name


@pytest.mark.parametrize(
    ("own", "organization", "zone"),
    [
        ("America/Lima", "Europe/Berlin", "America/Lima"),
        ("", "Europe/Berlin", "Europe/Berlin"),
        ("Mars/Olympus", "Europe/Berlin", "Europe/Berlin"),
        ("", "Mars/Olympus", "UTC"),
    ],
)
def test_the_zone_is_the_contacts_else_the_organizations_else_utc(own: str, organization: str, zone: str):
    Organization.current().change(timezone=organization)
    assert str(Contact(timezone=own).zone) == zone
