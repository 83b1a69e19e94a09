"""/contacts"""

import re
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import about, once
from csat.api.lookups import get_or_404
from csat.api.openapi import decorators as doc
from csat.api.serializers.contacts import ContactInput, ContactQuery, ContactShape
from csat.api.views.base import Resource, from_replica, page_response, read_body, read_query
from csat.lib.types import JsonObject
from csat.people import addresses, contacts, erasure
from csat.people.models import Contact

EXAMPLE = {
    "email": "ana@acme.example",
    "name": "Ana Souza",
    "external_id": "crm-17",
    "custom_data": {"plan": "pro"},
}


class Contacts(Resource):
    scope = "contacts"

    @doc.lists(ContactShape, ContactQuery, "List contacts")
    @from_replica
    def get(self, request: Request) -> Response:
        parameters = read_query(request, ContactQuery)
        return page_response(_filtered(parameters), parameters, ContactShape)

    @doc.creates(
        ContactShape,
        ContactInput,
        "Create a contact, or find the one there is",
        missing=False,
        example=EXAMPLE,
    )
    @once
    def post(self, request: Request) -> Response:
        contact, created = contacts.find_or_create(**read_body(request, ContactInput))
        about(request, contact.pk)
        return Response(ContactShape(contact).data, 201 if created else 200)


class OneContact(Resource):
    scope = "contacts"

    @doc.shows(ContactShape, "Get a contact")
    def get(self, request: Request, id: UUID) -> Response:
        return Response(ContactShape(_get_contact(id)).data)

    @doc.changes(
        ContactShape,
        ContactInput,
        "Change a contact",
        example={"name": "Ana Souza", "custom_data": {"plan": None}},
    )
    def patch(self, request: Request, id: UUID) -> Response:
        contact = contacts.change(
            _get_contact(id), by=self.actor, **read_body(request, ContactInput, partial=True)
        )
        return Response(ContactShape(contact).data)

    @doc.deletes("Erase a contact: their data goes, the figures stay")
    def delete(self, request: Request, id: UUID) -> Response:
        erasure.erase(_get_contact(id), by=self.actor)
        return Response(status=204)


def _get_contact(id: UUID) -> Contact:
    return get_or_404(Contact.objects.alive(), id)


def _filtered(parameters: JsonObject) -> QuerySet[Contact]:
    rows = Contact.objects.alive()
    if "email" in parameters:
        rows = rows.filter(email__in=addresses.spellings("email", parameters["email"]))
    if "phone_number" in parameters:
        digits = re.sub(r"\D", "", parameters["phone_number"])  # an unencoded + arrives as a space
        rows = rows.filter(phone__in=addresses.spellings("phone", f"+{digits}"))
    if "external_id" in parameters:
        rows = rows.filter(external_id=parameters["external_id"])
    return rows


routes = [("contacts", Contacts), ("contacts/<id:id>", OneContact)]
