"""/contacts"""

import re
from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import documenting as doc
from csat.api.serializers.contacts import ContactInput, ContactQuery, ContactShape
from csat.api.views.base import Resource, get, listed, query, read
from csat.people import contacts, erasing
from csat.people.models import Contact

NEW = {"email": "ana@acme.example", "name": "Ana Souza", "external_id": "crm-17", "custom_data": {"plan": "pro"}}


class Contacts(Resource):
    scope = "contacts"

    @doc.lists(ContactShape, ContactQuery, "List contacts")
    def get(self, request: Request) -> Response:
        asked = query(request, ContactQuery)
        return listed(_matching(asked), asked, ContactShape)

    @doc.creates(ContactShape, ContactInput, "Create a contact, or find the one there is", missing=False, example=NEW)
    def post(self, request: Request) -> Response:
        contact, created = contacts.find_or_create(**read(request, ContactInput))
        return Response(ContactShape(contact).data, 201 if created else 200)


class OneContact(Resource):
    scope = "contacts"

    @doc.shows(ContactShape, "Get a contact")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ContactShape(_one(id)).data)

    @doc.changes(ContactShape, ContactInput, "Change a contact", example={"name": "Ana Souza", "custom_data": {"plan": None}})
    def patch(self, request: Request, id: UUID) -> Response:
        contact = contacts.change(_one(id), by=self.actor, **read(request, ContactInput, partial=True))
        return Response(ContactShape(contact).data)

    @doc.deletes("Erase a contact: their data goes, the figures stay")
    def delete(self, request: Request, id: UUID) -> Response:
        erasing.erase(_one(id), by=self.actor)
        return Response(status=204)


def _one(id: UUID) -> Contact:
    return get(Contact.objects.alive(), id)


def _matching(asked: dict[str, Any]) -> Any:
    rows = Contact.objects.alive()
    if "email" in asked:
        rows = rows.filter(email=asked["email"].strip().lower())
    if "phone_number" in asked:
        rows = rows.filter(phone="+" + re.sub(r"\D", "", asked["phone_number"]))  # the + of an unencoded query string is a blank
    return rows.filter(external_id=asked["external_id"]) if "external_id" in asked else rows


routes = [("contacts", Contacts), ("contacts/<id:id>", OneContact)]
