"""Cursors as a list makes them, of any time."""

import base64
import json


def cursor_at(field: str, time: str, pk: int = 1) -> str:
    return base64.urlsafe_b64encode(json.dumps([field, time, pk]).encode()).decode().rstrip("=")
