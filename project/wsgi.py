"""The application as web servers call it."""

import os
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.core.wsgi import get_wsgi_application

MOST = 10 * 1024 * 1024 + 1  # one more than any door takes, so that it is refused as too large

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_length(application: Application) -> Application:
    """A body sent in chunks, or by HTTP/2, need not say how long it is. Django takes such a one for empty: so it is measured here."""

    def measured(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # a server that does not end the input would let us wait for ever
        if not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(MOST)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        return application(environ, start_response)

    return measured


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
application = with_length(get_wsgi_application())
