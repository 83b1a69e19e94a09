"""What a system is handed to call its API with, and how it asks for what may be gone."""

from typing import Any, Protocol
from urllib.parse import quote

from csat.lib.outcomes import Never


class Api(Protocol):
    """Calls to their API, relative to the base address, signed in. JSON in and out.

    Each raises Retry, Never or Unknown of csat.lib.outcomes; a 404 is Never with code "404".
    """

    def get(self, path: str, **params: object) -> Any: ...

    def post(self, path: str, body: object) -> Any: ...

    def put(self, path: str, body: object) -> Any: ...

    def patch(self, path: str, body: object) -> Any: ...

    def delete(self, path: str) -> Any: ...


def get_or_none(api: Api, path: str, **params: object) -> Any:
    """What stands at this path; None when it is gone: 404, 410, 301 after a merge. Raises other outcomes."""
    try:
        return api.get(path, **params)
    except Never as error:
        if error.code in {"301", "404", "410"}:
            return None
        raise


def quoted(value: str) -> str:
    """An id as one part of a path."""
    return quote(value, safe="", errors="replace")
