"""A POST repeated under the same Idempotency-Key is done once; the repetition gets the same answer."""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.files import File
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import auth, errors
from csat.lib.refusal import Refused
from csat.lib.types import JsonObject
from csat.people import idempotency

Handler = Callable[..., HttpResponseBase]
REFUSALS = (Refused, APIException, Http404)  # these are answers too, and are repeated


def once(handler: Handler) -> Handler:
    """Run this handler once per key. Its work and the stored answer are one transaction.

    A failure of ours is no answer: its work is undone, and the same key may be used again.
    """

    @functools.wraps(handler)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        name = request.headers.get("Idempotency-Key", "")
        if not name:
            return handler(view, request, *args, **kwargs)
        record = idempotency.begin(auth.key_of(request), name=name, fingerprint=_fingerprint(request))
        if record.status is not None:
            body = _told_again(view, record.body, kwargs)
            response = HttpResponse(body, status=record.status, content_type="application/json")
            response["Idempotent-Replayed"] = "true"
            return response
        try:
            with transaction.atomic():
                response = _run(handler, view, request, *args, **kwargs)
                failed = response.status_code >= 500
                if failed:
                    transaction.set_rollback(True)
                else:
                    idempotency.finish(
                        record,
                        status=response.status_code,
                        body=_render(_without_secrets(view, response.data)),
                        contact_ids=getattr(request, "contact_ids", ()),
                    )
        except BaseException:
            idempotency.discard(record)
            raise
        if failed:
            idempotency.discard(record)
        return response

    return wrapped


def about(request: Request, *contact_ids: int) -> None:
    """Say whom the answer to this request is about: an erasure deletes the kept answer."""
    request.contact_ids = contact_ids  # type: ignore[attr-defined]


class KeepsNoSecret:
    """A view in whose answer something is not kept, but made again when the answer is repeated."""

    secrets: ClassVar[tuple[str, ...]]

    def reveal(self, answer: JsonObject, **kwargs: Any) -> JsonObject:
        """The values of `secrets` for this answer, as they are now."""
        raise NotImplementedError


def _without_secrets(view: object, data: Any) -> Any:
    if not isinstance(view, KeepsNoSecret) or not set(view.secrets) <= set(data):
        return data
    return {name: None if name in view.secrets else value for name, value in data.items()}


def _told_again(view: object, body: str, kwargs: JsonObject) -> str:
    if not isinstance(view, KeepsNoSecret) or not set(view.secrets) <= set(answer := json.loads(body)):
        return body
    return _render(answer | view.reveal(answer, **kwargs))


def _render(data: Any) -> str:
    rendered: bytes = JSONRenderer().render(data)
    return rendered.decode()


def _run(handler: Handler, view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
    try:
        response = handler(view, request, *args, **kwargs)
    except REFUSALS as refusal:
        response = errors.handle(refusal, {"request": request})
    assert isinstance(response, Response)
    return response


def _digest(value: object) -> str:
    """Of a file, what is in it."""
    if not isinstance(value, File):
        return str(value)
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    return digest.hexdigest()


def _fingerprint(request: Request) -> str:
    try:
        parameters = json.dumps(request.data, sort_keys=True, default=_digest)
    except RecursionError as error:
        raise ParseError(_("This is nested too deeply.")) from error
    return hashlib.sha256(f"{request.method} {request.path.rstrip('/')}\n{parameters}".encode()).hexdigest()
