"""/brands"""

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api.idempotency import once
from csat.api.openapi import decorators as doc
from csat.api.serializers.brands import BrandChange, BrandInput, BrandShape
from csat.api.serializers.queries import PageQuery
from csat.api.views.base import Resource, read_body, read_query
from csat.lib.refusal import Invalid, Missing
from csat.lib.text import as_uuid
from csat.lib.types import JsonObject
from csat.people import brands
from csat.people.brands import DEFAULT
from csat.people.models import Brand
from csat.surveys.models import CsatSettings
from csat.surveys.rules.brands import as_dict, change_default
from csat.timeline.recording import Actor

EXAMPLE = {
    "slug": "globex",
    "name": "Globex Support",
    "color": "#0a6d3c",
    "sender": "Globex Support <care@globex.example>",
    "opening_line": {"default": "How did we do, {contact_name}?"},
}


class Brands(Resource):
    scope = "csat"

    @doc.lists(BrandShape, PageQuery, "List brands, the default one first")
    def get(self, request: Request) -> Response:
        query = read_query(request, PageQuery)
        rows = Brand.objects.order_by("name", "pk")
        items = [_shape(CsatSettings.current()), *(_shape(row) for row in rows)]
        if after := query.get("cursor"):
            items = items[_place(after, items) + 1 :]
        page, rest = items[: query["limit"]], items[query["limit"] :]
        return Response({"items": page, "next": page[-1]["slug"] if rest else None})

    @doc.creates(BrandShape, BrandInput, "Add a brand", statuses=(201,), missing=False, example=EXAMPLE)
    @once
    def post(self, request: Request) -> Response:
        return Response(_shape(_save(None, read_body(request, BrandInput), by=self.actor)), 201)


class OneBrand(Resource):
    scope = "csat"

    @doc.shows(BrandShape, "Get a brand by its slug or id")
    def get(self, request: Request, brand: str) -> Response:
        return Response(_shape(_find(brand)))

    @doc.changes(BrandShape, BrandChange, "Change a brand, or archive it", example={"color": "#0a6d3c"})
    def patch(self, request: Request, brand: str) -> Response:
        payload = read_body(request, BrandChange, partial=True)
        return Response(_shape(_save(_find(brand), payload, by=self.actor)))

    @doc.deletes("Archive a brand: no new sessions get it, those that have it keep it")
    def delete(self, request: Request, brand: str) -> Response:
        _set_archived(_find(brand), True, by=self.actor)
        return Response(status=204)


def _find(slug_or_id: str) -> Brand | CsatSettings:
    if slug_or_id == DEFAULT:
        return CsatSettings.current()
    uuid = as_uuid(slug_or_id)
    brand = Brand.objects.filter(uuid=uuid).first() if uuid else brands.find(slug_or_id)
    if brand is None:
        raise Missing(_("There is no such brand."))
    return brand


def _place(slug: str, items: list[JsonObject]) -> int:
    """Of the last item of the page before."""
    place = next((place for place, item in enumerate(items) if item["slug"] == slug), None)
    if place is None:
        text = _("This cursor does not belong to this list.")
        raise Invalid(text, fields={"cursor": [text]})
    return place


@transaction.atomic
def _save(brand: Brand | CsatSettings | None, payload: JsonObject, *, by: Actor) -> Brand | CsatSettings:
    archived = payload.pop("archived", None)
    fields = {name: "" if value is None and name != "logo" else value for name, value in payload.items()}
    if isinstance(brand, CsatSettings):
        brand = change_default(by=by, **fields)
    elif brand is None:
        brand = brands.create(by=by, **fields)
    else:
        brand = brands.change(brand, by=by, **fields)
    if archived is not None:
        _set_archived(brand, archived, by=by)
    return brand


def _set_archived(brand: Brand | CsatSettings, archived: bool, *, by: Actor) -> None:
    if isinstance(brand, Brand):
        (brands.archive if archived else brands.restore)(brand, by=by)
    elif archived:
        text = _("The default brand cannot be archived.")
        raise Invalid(text, fields={"archived": [text]})


def _shape(brand: Brand | CsatSettings) -> JsonObject:
    data: JsonObject = BrandShape(as_dict(brand)).data
    return data


routes = [("brands", Brands), ("brands/<slug:brand>", OneBrand)]
