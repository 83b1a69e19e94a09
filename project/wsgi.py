"""The WSGI application."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

MAX_BYTES = 10 * 1024 * 1024 + 1  # one more than any view accepts, so that it is refused as too large

Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


def with_length(application: Application) -> Application:
    """Set the length of a body sent in chunks or by HTTP/2 without one: Django would read it as empty."""

    def measured(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        # only where the server ends the input: otherwise reading would wait for ever
        if not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(MAX_BYTES)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return application(environ, start_response)

    return measured


os.umask(0o077)  # what is kept in var/ is for nobody else on this machine
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = with_length(get_wsgi_application())
