"""The parts of the OpenAPI schema that drf-spectacular cannot work out: ids, scopes, examples, errors."""

import json
import re
from http import HTTPStatus

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from csat.api import auth, errors
from csat.api.openapi import decorators
from csat.api.openapi.examples import ANSWERS
from csat.lib.types import JsonObject

SERVER_ERROR = 500
INVALID_FIELDS = {"email": ["This is not an email address."]}
EXAMPLE_MESSAGES = {
    400: "This is not valid JSON: Expecting value: line 1 column 1 (char 0)",
    401: "This API key is not valid.",
    403: "This API key lacks the scope csat:write.",
    404: "There is nothing with this id.",
    409: "A survey is being sent to this customer right now. Try again in a minute.",
    413: "The body is larger than 10485760 bytes.",
    415: 'Unsupported media type "text/plain" in request.',
    422: "email: This is not an email address.",
    429: "Request was throttled. Expected available in 40 seconds.",
    SERVER_ERROR: (
        "Something went wrong on our side. It is in the logs as request 7d0b2c7e9f4e4a3c8a1f5e6d7c8b9a01."
    ),
    503: "Nothing could be stored just now. Make the same call again in a minute.",
}
PARAMETERS = {  # descriptions of those whose serializer field has no help_text
    "id": "Its public id.",
    "brand": "The brand's slug, or its public id.",
    "call_id": "The call's id, as the list of calls has it.",
    "event_id": "The event's id, as the list of events has it.",
    "contact_id": "The contact's id.",
    "session_id": "The session's id.",
    "agent_id": "The id of the agent who is credited.",
    "external_id": "Your own id.",
    "email": "The whole address, in either case.",
    "phone_number": "The whole number, in international form.",
    "created_after": "ISO 8601, exclusive; a time without a zone is UTC, a date its first moment.",
    "created_before": "ISO 8601, exclusive.",
    "updated_before": ("ISO 8601, exclusive. Also puts the list in the order of `updated_at`, oldest first."),
    "limit": "How many on a page.",
    "handed_off": "Whether it was ever handed off to people.",
    "has_comment": "Whether there is a comment.",
    "score": "Exactly this score.",
    "score_gte": "This score or more.",
    "score_lte": "This score or less.",
}
Endpoint = tuple[str, str, str, object]  # path, path as a pattern, method, view
HEADERS: dict[int, JsonObject] = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    429: {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds.", "required": True}},
}


class OperationSchema(AutoSchema):
    """Operation ids are method and path, so that they are unique."""

    def get_operation_id(self) -> str:
        words = re.sub(r"{(\w+)}", r"by_\1", self.path.removeprefix("/api/v1/"))
        return f"{self.method.lower()}_{re.sub('[^a-z_]+', '_', words)}"

    def get_description(self) -> str:  # type: ignore[override]
        """The scope. The summary says what the operation does; docstrings of views are not published."""
        return f"Needs the scope `{auth.required_scope(self.view, self.method)}`."


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "csat.api.auth.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "csat_live_..."}


def without_slashes(endpoints: list[Endpoint], **_: object) -> list[Endpoint]:
    """Every URL also works with a closing slash; only the one without is published."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_examples(result: JsonObject, **_: object) -> JsonObject:
    """Add an example to every answer, and make each error a component that operations refer to."""
    components = result["components"]
    components["examples"] = {
        name: {"value": value} for name, value in ANSWERS.items() if name in components["schemas"]
    }
    components["responses"] = {_error_name(status): _error_response(status) for status in EXAMPLE_MESSAGES}
    for name, shape in components["schemas"].items():
        if name.startswith("Nullable"):
            shape["oneOf"].append({"type": "null"})
        if name.endswith("Request"):
            _without_defaults(shape)
        _allow_overlaps(shape)
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                parameter.setdefault("description", PARAMETERS.get(parameter["name"], ""))
            operation["responses"] = {
                status: _response(status, response) for status, response in operation["responses"].items()
            }
            operation["responses"][str(SERVER_ERROR)] = _error_reference(SERVER_ERROR)
    return result


def _allow_overlaps(shape: JsonObject) -> None:
    """Anything or null, an address or "": more than one of these may fit, which `oneOf` forbids."""
    for field in shape.get("properties", {}).values():
        if any(one in ({}, {"type": "string", "maxLength": 0}) for one in field.get("oneOf", ())):
            field["anyOf"] = field.pop("oneOf")


def _without_defaults(shape: JsonObject) -> None:
    """In words only: generators take a property with a default for one that is always there."""
    for field in shape.get("properties", {}).values():
        if "default" in field:
            default = f"`{json.dumps(field.pop('default'))}` when not given."
            field["description"] = " ".join(filter(None, [field.get("description"), default]))


def _response(status: str, response: JsonObject) -> JsonObject:
    if int(status) >= 400:
        return _error_reference(int(status))
    for content in response.get("content", {}).values():
        shape = content["schema"]["$ref"].rpartition("/")[2]
        content["examples"] = {shape: {"$ref": f"#/components/examples/{shape}"}}
    return {**response, "description": response["description"] or HTTPStatus(int(status)).phrase}


def _error_reference(status: int) -> JsonObject:
    return {"$ref": f"#/components/responses/{_error_name(status)}"}


def _error_response(status: int) -> JsonObject:
    example = errors.body(status, EXAMPLE_MESSAGES[status], INVALID_FIELDS if status == 422 else None)
    if status == SERVER_ERROR:
        example["request_id"] = "7d0b2c7e9f4e4a3c8a1f5e6d7c8b9a01"
    content = {
        "schema": {"$ref": "#/components/schemas/Error"},
        "examples": {_error_name(status): {"value": example}},
    }
    response: JsonObject = {
        "description": decorators.ERROR_DESCRIPTIONS[status],
        "content": {"application/json": content},
    }
    return {**response, "headers": HEADERS[status]} if status in HEADERS else response


def _error_name(status: int) -> str:
    return "".join(word.capitalize() for word in errors.body(status, "")["error"].split())
