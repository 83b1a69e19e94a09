"""A machine with a key, what it asks, and what is logged of it."""

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from csat.people import keys


class Machine:
    """Speaks JSON under /api/v1 with one key."""

    def __init__(self, key: str = "") -> None:
        self.key = key
        self.client = Client(headers={"Authorization": f"Bearer {key}"} if key else {})

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/v1{path}", query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("post", path, body, headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self._send("patch", path, body, headers)

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1{path}")

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(self.client, method)(
            f"/api/v1{path}", body, content_type="application/json", headers=named
        )

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every item, page after page."""
        items: list[Any] = []
        while True:
            page = self.get(path, **query).json()
            items += page["items"]
            if page["next"] is None:
                return items
            query["cursor"] = page["next"]


def machine(*scopes: str) -> Machine:
    return Machine(keys.create("Helpdesk", scopes=scopes or keys.SCOPES)[1])


@pytest.fixture
def api(db: Any) -> Machine:
    """A machine that may do everything."""
    return machine()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What the application's own handler writes."""
    [handler] = [one for one in logging.getLogger().handlers if type(one) is logging.StreamHandler]
    before, stream = handler.stream, io.StringIO()
    handler.setStream(stream)
    yield stream
    handler.setStream(before)
