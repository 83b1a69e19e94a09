"""What every resource does alike."""

from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from csat.api import auth, idempotency, paging
from csat.api.serializers.queries import Query
from csat.lib.refusal import Missing
from csat.timeline.recording import Actor

M = TypeVar("M", bound=Model)


class OnlyJson(DefaultContentNegotiation):
    """JSON is answered whatever a client says it accepts."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Resource(APIView):
    """A view of one address. `scope` names the resource of the key's scopes; every POST takes an Idempotency-Key."""

    scope: ClassVar[str]
    content_negotiation_class = OnlyJson

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "post" in cls.__dict__:
            cls.post = idempotency.once(cls.__dict__["post"])  # type: ignore[attr-defined]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """Nobody on the way keeps what is said here: it is about people."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    @property
    def actor(self) -> Actor:
        return auth.actor(self.request)


def read(request: Request, shape: type[Serializer[Any]], **kwargs: Any) -> dict[str, Any]:
    """The body, checked; 422 otherwise."""
    serializer = shape(data=request.data, **kwargs)
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def query(request: Request, shape: type[Query]) -> dict[str, Any]:
    """The query string, checked; 422 otherwise. An empty parameter is one not given."""
    serializer = shape(data={name: value for name, value in request.query_params.items() if value != ""})
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data


def listed(rows: QuerySet[Any], asked: dict[str, Any], shape: type[Serializer[Any]], *, context: dict[str, Any] | None = None) -> Response:
    """One page of rows: the newest first, or in the order of `updated_at` for those who keep a copy in step."""
    sync = bool(asked.get("updated_after") or asked.get("updated_before"))
    items, following = paging.page(
        rows.filter(times(asked)), paging.SYNC if sync else paging.NEWEST, cursor=asked.get("cursor"), limit=asked["limit"]
    )
    return Response({"items": shape(items, many=True, context=context or {}).data, "next": following})


def get(rows: QuerySet[M], uuid: UUID, field: str = "") -> M:
    """The row with this public id, or 404; `field` names the part of the body that asked for it."""
    row = rows.filter(uuid=uuid).first()
    if row is None:
        text = _("There is nothing with this id.")
        raise Missing(text, fields={field: [text]} if field else None)
    return row


def times(asked: dict[str, Any], *, created: str = "created_at", updated: str = "updated_at") -> Q:
    """The four filters by time, on the columns that hold them."""
    found = Q()
    for field, after, before in ((created, "created_after", "created_before"), (updated, "updated_after", "updated_before")):
        found &= Q(**{f"{field}__gt": asked[after]}) if asked.get(after) else Q()
        found &= Q(**{f"{field}__lt": asked[before]}) if asked.get(before) else Q()
    return found
