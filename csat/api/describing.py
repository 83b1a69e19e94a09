"""How the API is described: what drf-spectacular cannot know by itself."""

import re
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class Described(AutoSchema):
    """Operations are named by method and path, so that no two are alike."""

    def get_operation_id(self) -> str:
        words = re.sub(r"{(\w+)}", r"by_\1", self.path.removeprefix("/api/v1/"))
        return f"{self.method.lower()}_{re.sub('[^a-z_]+', '_', words)}"

    def get_description(self) -> str:  # type: ignore[override]
        return ""  # the summary says it; docstrings of views are for their readers


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "csat.api.auth.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "csat_live_..."}


def without_slashes(endpoints: list[Any], **_: Any) -> list[Any]:
    """Every address is taken with a closing slash too; one of the two is described."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]
