"""What a report to Sentry carries: where the code broke, and nothing of who it broke for."""

import re
from typing import Any

from project.logging import blank_secrets

QUERY = re.compile(r"\?[^\s'\"<>]*=[^\s'\"<>]*")
ADDRESS = re.compile(r"[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+")
OF_REQUEST = ("method", "url")


def without_personal_data(event: Any, hint: Any) -> Any:
    """No body, query, header or cookie of the request, no user; link tokens, keys and addresses blanked."""
    if "request" in event:
        event["request"] = {name: value for name, value in event["request"].items() if name in OF_REQUEST}
    event.pop("user", None)
    return _blanked(event)


OPTIONS: dict[str, Any] = {
    "include_local_variables": False,  # they hold the customer, the message and the request
    "max_request_body_size": "never",
    "before_send": without_personal_data,
    "before_send_transaction": without_personal_data,
}


def _blanked(value: Any) -> Any:
    if isinstance(value, str):
        return ADDRESS.sub("…", QUERY.sub("?…", blank_secrets(value)))
    if isinstance(value, dict):
        return {key: _blanked(inner) for key, inner in value.items()}
    return [_blanked(inner) for inner in value] if isinstance(value, (list, tuple)) else value
