"""How the API is described: what drf-spectacular cannot know by itself."""

import re
from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from csat.api import auth, documenting, errors
from csat.api.examples import ANSWERS

BROKEN = 500
WRONG = {"email": ["This is not an email address."]}
SAID = {  # what is told in the examples
    400: "This is not valid JSON: Expecting value: line 1 column 1 (char 0)",
    401: "This API key is not valid.",
    403: "This API key lacks the scope csat:write.",
    404: "There is nothing with this id.",
    409: "A survey is being sent to this customer right now.",
    413: "The body is larger than 10485760 bytes.",
    415: 'Unsupported media type "text/plain" in request.',
    422: "email: This is not an email address.",
    429: "Request was throttled. Expected available in 40 seconds.",
    BROKEN: "Something went wrong on our side. It is in the logs as request 7d0b2c7e9f4e4a3c8a1f5e6d7c8b9a01.",
}
PARAMETERS = {  # those whose field says nothing of its own
    "id": "Its public id.",
    "call_id": "The call's id, as the list of calls has it.",
    "contact_id": "The contact's id.",
    "session_id": "The session's id.",
    "agent_id": "The id of the agent who is credited.",
    "external_id": "Your own id.",
    "email": "The whole address, in either case.",
    "phone_number": "The whole number, in international form.",
    "created_after": "ISO 8601, exclusive; a time without a zone is UTC, a date its first moment.",
    "created_before": "ISO 8601, exclusive.",
    "updated_before": "ISO 8601, exclusive. Also puts the list in the order of `updated_at`, oldest first.",
    "limit": "How many on a page.",
    "handed_off": "Whether it was ever handed off to people.",
    "has_comment": "Whether there is a comment.",
    "score": "Exactly this score.",
    "score_gte": "This score or more.",
    "score_lte": "This score or less.",
}
HEADERS: dict[int, dict[str, Any]] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds.", "required": True}},
}


class Described(AutoSchema):
    """Operations are named by method and path, so that no two are alike."""

    def get_operation_id(self) -> str:
        words = re.sub(r"{(\w+)}", r"by_\1", self.path.removeprefix("/api/v1/"))
        return f"{self.method.lower()}_{re.sub('[^a-z_]+', '_', words)}"

    def get_description(self) -> str:  # type: ignore[override]
        """The summary says what it does; docstrings of views are for their readers."""
        return f"Needs the scope `{auth.needed(self.view, self.method)}`."


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "csat.api.auth.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "csat_live_..."}


def without_slashes(endpoints: list[Any], **_: Any) -> list[Any]:
    """Every address is taken with a closing slash too; one of the two is described."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every answer has an example; the refusals, each described once, are named by every operation that may give them."""
    components = result["components"]
    components["examples"] = {name: {"value": value} for name, value in ANSWERS.items() if name in components["schemas"]}
    components["responses"] = {_name(status): _refusal(status) for status in SAID}
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                parameter.setdefault("description", PARAMETERS.get(parameter["name"], ""))
            operation["responses"] = {status: _answer(status, response) for status, response in operation["responses"].items()}
            operation["responses"][str(BROKEN)] = {"$ref": f"#/components/responses/{_name(BROKEN)}"}
    return result


def _answer(status: str, response: dict[str, Any]) -> dict[str, Any]:
    if int(status) >= 400:
        return {"$ref": f"#/components/responses/{_name(int(status))}"}
    for content in response.get("content", {}).values():
        shape = content["schema"]["$ref"].rpartition("/")[2]
        content["examples"] = {shape: {"$ref": f"#/components/examples/{shape}"}}
    return {**response, "description": response["description"] or HTTPStatus(int(status)).phrase}


def _refusal(status: int) -> dict[str, Any]:
    example = errors.body(status, SAID[status], WRONG if status == 422 else None)
    if status == BROKEN:
        example["request_id"] = "7d0b2c7e9f4e4a3c8a1f5e6d7c8b9a01"
    content = {"schema": {"$ref": "#/components/schemas/Error"}, "examples": {_name(status): {"value": example}}}
    described = {"description": documenting.WORDS[status], "content": {"application/json": content}}
    return {**described, "headers": HEADERS[status]} if status in HEADERS else described


def _name(status: int) -> str:
    return "".join(word.capitalize() for word in errors.body(status, "")["error"].split())
