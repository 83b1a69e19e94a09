"""A person's browser at an identity provider: it follows its pages there, until they lead back to us."""

import http.cookiejar
import urllib.error
import urllib.request
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

from django.http import HttpResponseBase
from django.test import Client

from csat.timeline.kinds import Kind
from csat.timeline.models import Event


def audited(what: str) -> list[dict[str, Any]]:
    """What the audit log says of it, the oldest first."""
    return [row.data for row in Event.objects.filter(kind=Kind.AUDIT, data__what=what).order_by("id")]


def text_of(response: HttpResponseBase) -> str:
    """Of a page, on one line."""
    return " ".join(response.content.decode().split())  # type: ignore[attr-defined]


class Stop(urllib.request.HTTPRedirectHandler):
    def http_error_302(
        self, request: urllib.request.Request, page: IO[bytes], code: int, text: str, headers: object
    ) -> IO[bytes]:
        return page

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


class Browser:
    """With one set of cookies there; `us` is its other tab."""

    def __init__(self, us: Client) -> None:
        self.us = us
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar, Stop)

    def log_in(self, begin: str = "/account/single-sign-on/begin/", **form: str) -> HttpResponseBase:
        """Press the button here, log in there, come back; what we answer then."""
        return self.come_back(self.go(begin, **form))

    def go(self, begin: str = "/account/single-sign-on/begin/", **form: str) -> str:
        """The address, of ours, to which the provider sends the person back."""
        answer = self.us.post(begin, form)
        assert answer.status_code == 302, answer.content.decode()
        return self.follow(answer.headers["Location"])

    def follow(self, url: str) -> str:
        while urlsplit(url).path != "/account/single-sign-on/callback/":
            with self.opener.open(url, timeout=10) as page:
                assert 300 <= page.status < 400, page.read().decode()
                url = urljoin(url, page.headers["Location"])
        return url

    def come_back(self, url: str) -> HttpResponseBase:
        parts = urlsplit(url)
        return self.us.get(f"{parts.path}?{parts.query}")
