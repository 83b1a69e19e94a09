"""Lists and reports are read from the replica, but not by who changed something just now."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from csat.lib import replica
from csat.web.access import StaffRequest, View

READS = ("GET", "HEAD", "OPTIONS")


def from_replica(view: View) -> View:
    """For a page that shows many rows and changes nothing."""

    @wraps(view)
    def read(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return replica.read(lambda: view(request, *args, **kwargs), by=reader(request.user))

    read.reads_replica = True  # type: ignore[attr-defined]  # for tests/house/test_replica.py
    return read


def reader(user: AbstractBaseUser) -> str:
    return replica.reader("user", user.pk)


class ReadYourWritesMiddleware:
    """Who posts a form reads the primary for a while. Customers' pages, which ask for no login, always do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            replica.is_there()
            and request.method not in READS
            and request.session.accessed
            and request.user.is_authenticated
        ):
            replica.wrote(reader(request.user))
        return response
