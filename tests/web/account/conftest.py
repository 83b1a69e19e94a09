from typing import Any

import pytest
from django.db import transaction


@pytest.fixture(autouse=True)
def _committed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a request does after its transaction is done within the request, as outside of a test."""

    def at_once(function: Any, *_: object, **__: object) -> None:
        function()

    monkeypatch.setattr(transaction, "on_commit", at_once)
