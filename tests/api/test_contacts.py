"""/contacts"""

from typing import Any

import pytest

from csat.people.models import Contact
from tests.api.conftest import Machine
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
FIELDS = {
    "id",
    "email",
    "phone_number",
    "name",
    "custom_data",
    "language",
    "timezone",
    "external_id",
    "created_at",
    "updated_at",
}


def test_a_contact_is_created_with_everything_told(api: Machine) -> None:
    told = {
        "email": "Ana@Acme.Example",
        "phone": "+49 30 1234567",
        "name": "Ana",
        "custom_data": {"plan": "pro"},
        "language": "pt",
    }
    answer = api.post("/contacts", told | {"external_id": "u-1", "timezone": "Europe/Lisbon"})
    assert answer.status_code == 201
    contact = answer.json()
    assert set(contact) == FIELDS
    assert contact["email"] == "ana@acme.example"
    assert contact["phone_number"] == "+49301234567"
    assert contact["custom_data"] == {"plan": "pro"}
    assert contact["language"] == "pt-br"
    assert contact["created_at"].endswith("Z")


def test_phone_number_is_another_name_of_phone(api: Machine) -> None:
    assert api.post("/contacts", {"phone_number": "+4930111222"}).json()["phone_number"] == "+4930111222"


def test_nothing_given_makes_somebody_anonymous(api: Machine) -> None:
    for body in ({}, None):
        answer = api.post("/contacts", body)
        assert answer.status_code == 201
        assert answer.json()["email"] is None


def test_the_one_there_is_is_found_by_email_whatever_its_case(api: Machine) -> None:
    first = api.post("/contacts", {"email": "li@acme.example"}).json()
    again = api.post("/contacts", {"email": "LI@acme.example", "name": "Li"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert again.json()["name"] == "Li"


def test_external_id_wins_over_email_and_email_over_phone(api: Machine) -> None:
    by_id = api.post("/contacts", {"external_id": "u-1"}).json()["id"]
    by_email = api.post("/contacts", {"email": "b@acme.example"}).json()["id"]
    by_phone = api.post("/contacts", {"phone": "+4930111222"}).json()["id"]
    everything = {"external_id": "u-1", "email": "b@acme.example", "phone": "+4930111222"}
    assert api.post("/contacts", everything).json()["id"] == by_id
    assert api.post("/contacts", {"email": "b@acme.example", "phone": "+4930111222"}).json()["id"] == by_email
    assert by_phone not in (by_id, by_email)


def test_a_phone_without_plus_is_invalid_and_the_field_is_named(api: Machine) -> None:
    answer = api.post("/contacts", {"phone": "030 1234567"})
    assert answer.status_code == 422
    body = answer.json()
    assert body["statusCode"] == 422
    assert body["error"] == "Unprocessable Entity"
    assert isinstance(body["message"], str)
    assert isinstance(body["fields"]["phone_number"][0], str)


@pytest.mark.parametrize(
    "told",
    [
        {"email": "nobody"},
        {"email": "a\u0000b@acme.example"},
        {"email": 17},
        {"name": "x" * 201},
        {"name": ["Ana"]},
        {"name": "\ud800"},
        {"custom_data": "text"},
        {"custom_data": {"a": "\u0000"}},
        {"custom_data": {"a": "x" * 70000}},
        {"custom_data": {"a": "\udc00"}},
        {"timezone": "Mars/Olympus"},
        {"phone": 4930111222},
        {"phone": True},
        [],
    ],
)
def test_what_cannot_be_kept_is_invalid(api: Machine, told: Any) -> None:
    answer = api.post("/contacts", told)
    assert answer.status_code == 422
    assert answer.json()["fields"]


@pytest.mark.parametrize("language", ["klingon", "x" * 300, "日本語", "", "xx-yy"])
def test_a_language_nobody_speaks_here_is_no_mistake(api: Machine, language: str) -> None:
    answer = api.post("/contacts", {"language": language})
    assert (answer.status_code, answer.json()["language"]) == (201, None)
    assert (
        api.post("/chat/sessions", {"language": language, "contact": {"language": language}}).status_code
        == 201
    )


@pytest.mark.parametrize("language", ["no", "nn", "nb", "nb-NO", "no_NO"])
def test_norwegian_is_kept_though_no_page_speaks_it(api: Machine, language: str) -> None:
    answer = api.post("/chat/sessions", {"language": language, "contact": {"language": language}})
    assert (answer.json()["language"], answer.json()["contact"]["language"]) == ("nb", "nb")


def test_what_is_not_known_here_is_ignored(api: Machine) -> None:
    assert api.post("/contacts", {"email": "x@acme.example", "avatar_url": "https://x"}).status_code == 201


def test_null_means_not_given_at_creation(api: Machine) -> None:
    told = dict.fromkeys(("email", "phone", "name", "custom_data", "language", "external_id"))
    assert api.post("/contacts", told).status_code == 201


def test_an_opencx_client_may_wrap_the_contact(api: Machine) -> None:
    assert api.post("/contacts", {"contact": {"email": "w@acme.example"}}).json()["email"] == "w@acme.example"


def test_one_contact_is_shown_changed_and_emptied(api: Machine) -> None:
    contact = make_contact(name="Ana", custom_data={"plan": "pro"})
    address = f"/contacts/{contact.uuid}"
    assert api.get(address).json()["name"] == "Ana"
    changed = api.patch(address, {"name": "Ana Souza", "phone_number": None, "custom_data": {"seats": 3}})
    assert changed.status_code == 200
    assert changed.json()["name"] == "Ana Souza"
    assert changed.json()["phone_number"] is None
    assert changed.json()["custom_data"] == {"plan": "pro", "seats": 3}
    assert changed.json()["email"] == contact.email


def test_an_email_somebody_else_has_cannot_be_taken(api: Machine) -> None:
    taken, mine = make_contact(), make_contact()
    answer = api.patch(f"/contacts/{mine.uuid}", {"email": taken.email})
    assert answer.status_code == 422
    assert "email" in answer.json()["fields"]


def test_deleting_erases_and_then_there_is_nothing(api: Machine) -> None:
    contact = make_contact()
    address = f"/contacts/{contact.uuid}"
    gone = api.delete(address)
    assert (gone.status_code, gone.content) == (204, b"")
    assert [
        api.get(address).status_code,
        api.patch(address, {}).status_code,
        api.delete(address).status_code,
    ] == [404] * 3
    assert contact.again().email == ""
    assert api.get("/contacts").json()["items"] == []


def test_the_list_is_filtered_by_email_and_phone(api: Machine) -> None:
    ana, li = make_contact(), make_contact()
    assert [item["id"] for item in api.get("/contacts", email=ana.email.upper()).json()["items"]] == [
        str(ana.uuid)
    ]
    assert [item["id"] for item in api.get("/contacts", phone_number=li.phone).json()["items"]] == [
        str(li.uuid)
    ]
    assert [
        item["id"] for item in api.get("/contacts", phone_number=li.phone.replace("+", " ")).json()["items"]
    ] == [str(li.uuid)]


@pytest.mark.parametrize(
    "id", ["5b0ff0e1-9a53-4b6c-8f0e-2a1c3d4e5f60", "17", "nonsense", "00000000-0000-0000-0000-00000000000g"]
)
def test_an_unknown_or_malformed_id_is_404_in_json(api: Machine, id: str) -> None:
    answer = api.get(f"/contacts/{id}")
    assert answer.status_code == 404
    assert answer.json()["statusCode"] == 404


def test_a_closing_slash_is_taken_too_without_redirect(api: Machine) -> None:
    assert api.post("/contacts/", {"email": "slash@acme.example"}).status_code == 201
    assert api.get(f"/contacts/{Contact.objects.get().uuid}/").status_code == 200


def test_a_number_as_whatsapp_reports_it_is_taken_and_found(api: Machine) -> None:
    """chatwoot#14048"""
    answer = api.post("/contacts", {"phone": "+5215512345678"})
    assert (answer.status_code, answer.json()["phone_number"]) == (201, "+5215512345678")
    assert api.post("/contacts", {"phone": "+525512345678"}).status_code == 200
    for number in ("+5215512345678", "52 55 1234 5678"):
        found = api.get("/contacts", phone_number=number).json()["items"]
        assert [item["id"] for item in found] == [answer.json()["id"]]


def test_an_email_is_found_however_its_domain_is_spelled(api: Machine) -> None:
    made = api.post("/contacts", {"email": "x@mu\u0308nchen.example"}).json()
    assert made["email"] == "x@münchen.example"
    found = api.get("/contacts", email="X@xn--mnchen-3ya.example").json()["items"]
    assert [item["id"] for item in found] == [made["id"]]
