"""A POST repeated under the same Idempotency-Key is done once and answered alike."""

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from csat.api import auth, errors
from csat.lib.refusal import Refused
from csat.people import repeating
from csat.people.models import IdempotencyRecord

Handler = Callable[..., HttpResponseBase]
TOLD = (Refused, APIException, Http404)  # a no that is an answer


def once(handler: Handler) -> Handler:
    """Let this handler run once per key. Its work and the memory of its answer are one transaction: a death in between undoes both."""

    @functools.wraps(handler)
    def wrapped(view: Any, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        name = request.headers.get("Idempotency-Key", "")
        if not name:
            return handler(view, request, *args, **kwargs)
        record = repeating.begin(auth.key_of(request), name=name, fingerprint=_fingerprint(request))
        if record.status is not None:
            return _replay(record)
        try:
            with transaction.atomic():
                response = _run(handler, view, request, *args, **kwargs)
                repeating.finish(record, status=response.status_code, body=JSONRenderer().render(response.data).decode())
        except BaseException:
            repeating.forget(record)
            raise
        return response

    return wrapped


def _run(handler: Handler, view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
    try:
        response = handler(view, request, *args, **kwargs)
    except TOLD as no:
        response = errors.answer(no, {"request": request})
    assert isinstance(response, Response)
    return response


def _replay(record: IdempotencyRecord) -> HttpResponse:
    headers = {"Idempotent-Replayed": "true"}
    return HttpResponse(record.body, status=record.status, content_type="application/json", headers=headers)


def _fingerprint(request: Request) -> str:
    parameters = json.dumps(request.data, sort_keys=True, default=str)
    return hashlib.sha256(f"{request.method} {request.path.rstrip('/')}\n{parameters}".encode()).hexdigest()
