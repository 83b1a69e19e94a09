"""The API's own description."""

import functools
import operator
import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from csat.reports.filters import LISTS
from csat.reports.models import SavedView
from csat.timeline.recording import SYSTEM
from csat.webhooks import queueing
from csat.webhooks.models import Endpoint
from tests.api.conftest import Machine

CONTRACT = {
    "/contacts", "/contacts/{id}", "/chat/sessions", "/chat/sessions/bulk", "/chat/sessions/{id}",
    "/chat/sessions/{id}/send",
    "/chat/sessions/{id}/history", "/chat/sessions/{id}/handoff", "/chat/sessions/{id}/widget-token",
    "/handoff-analytics",
    "/handoff-analytics/events", "/csat/requests", "/csat/requests/{id}", "/csat/links", "/csat/scores",
    "/csat/scores/{id}",
    "/csat/scores/session/{session_id}", "/csat/scores/contact/{contact_id}", "/csat/settings", "/webhooks",
    "/csat/sending", "/csat/sending/pause", "/csat/sending/resume", "/csat/sending/try",
    "/csat/sending/resend",
    "/webhooks/{id}",
    "/webhooks/{id}/calls", "/workflows", "/workflows/{id}", "/workflows/validate",
    "/workflows/{id}/activate", "/workflows/{id}/runs",
    "/workflows/{id}/run", "/imports", "/imports/{id}",
    "/connections", "/connections/{id}", "/connections/{id}/test",
    "/connections/{id}/pause", "/connections/{id}/resume", "/connections/{id}/events",
    "/connections/{id}/events/{event_id}/process",
    "/reports/views", "/reports/digests", "/reports/digests/{id}", "/reports/shares", "/reports/shares/{id}",
    "/reports/notes", "/reports/notes/{id}",
}  # fmt: skip


@pytest.fixture(scope="module")
def schema() -> Any:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_it_is_valid_and_nothing_had_to_be_guessed(schema: Any) -> None:
    validate_schema(schema)
    assert (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) == ({}, {})


def test_every_address_of_the_contract_is_described(schema: Any) -> None:
    assert schema["openapi"].startswith("3.1")
    assert set(schema["paths"]) >= CONTRACT


def test_every_operation_tells_its_refusals_and_every_post_takes_a_key(schema: Any) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403", "429"} <= set(operation["responses"]), (method, path)
            named = [parameter["name"] for parameter in operation.get("parameters", [])]
            assert ("Idempotency-Key" in named) == (method == "post"), (method, path)


def test_every_operation_names_its_scope_and_every_parameter_is_explained(schema: Any) -> None:
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert re.fullmatch(r"Needs the scope `[a-z-]+:(read|write)`\.", operation["description"]), (
                method,
                path,
            )
            parameters = {
                one["name"]: one.get("description") or one["schema"].get("enum")
                for one in operation.get("parameters", [])
            }
            assert all(parameters.values()), (method, path, parameters)


def test_every_body_and_every_answer_has_an_example_that_fits(schema: Any) -> None:
    registry = Registry().with_resource("api", Resource(schema, DRAFT202012))
    told = 0
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            bodies = [operation["requestBody"]] if "requestBody" in operation else []
            for part in [*bodies, *(_followed(schema, answer) for answer in operation["responses"].values())]:
                for content in part.get("content", {}).values():
                    examples = [
                        _followed(schema, example)["value"] for example in content["examples"].values()
                    ]
                    assert examples, (method, path)
                    for example in examples:
                        validator = Draft202012Validator(
                            {"$ref": f"api{content['schema']['$ref']}"}, registry=registry
                        )
                        assert not [error.message for error in validator.iter_errors(example)], (
                            method,
                            path,
                            example,
                        )
                        told += 1
    assert told > 400


def _followed(schema: Any, part: Any) -> Any:
    """What a reference points to."""
    if "$ref" not in part:
        return part
    return functools.reduce(operator.getitem, part["$ref"].removeprefix("#/").split("/"), schema)


def test_it_is_served_as_json_or_yaml_to_anybody(client: Client) -> None:
    assert client.get("/api/v1/schema/").json()["info"]["title"] == "CSAT API"
    assert client.get("/api/v1/schema").status_code == 200
    assert client.get("/api/v1/schema/", {"format": "yaml"}).content.startswith(b"openapi: 3.1")
    assert client.get("/api/v1/schema/", headers={"Accept": "application/json"}).status_code == 200


def test_what_has_a_default_may_be_left_out_of_a_body(schema: Any) -> None:
    """openapi-ts/openapi-typescript#1741: a default makes generated types ask for the property."""
    for name, shape in schema["components"]["schemas"].items():
        if name.endswith("Request"):
            with_default = [field for field, one in shape.get("properties", {}).items() if "default" in one]
            assert with_default == [], name


def test_filters_that_take_several_values_are_lists(schema: Any) -> None:
    parameters = {one["name"]: one for one in schema["paths"]["/csat/report"]["get"]["parameters"]}
    for name in LISTS:
        assert parameters[name]["schema"]["type"] == "array", name
        assert parameters[name].get("explode", True), name


def test_no_answer_is_null_that_the_schema_forbids(
    schema: Any, api: Machine, settings: Any, tmp_path: Path
) -> None:
    """tfranzel/drf-spectacular#235: each operation that reads, where there is as little as there can be."""
    settings.MEDIA_ROOT = tmp_path
    registry = Registry().with_resource("api", Resource(schema, DRAFT202012))
    ids = _bare_rows(api)
    for path, operations in schema["paths"].items():
        if "get" not in operations:
            continue
        answer = api.get(path.format_map(ids | {"id": ids.get(path.split("/{")[0], "")}))
        assert answer.status_code == 200, (path, answer.content)
        shape = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        reference = {"$ref": f"api{shape['$ref']}"}
        errors = list(Draft202012Validator(reference, registry=registry).iter_errors(answer.json()))
        assert not errors, (path, errors[0].message)


def _bare_rows(api: Machine) -> dict[str, str]:
    """One row of each kind, made of nothing; by the path that lists it."""
    contact = api.post("/contacts", {}).json()["id"]
    session = api.post("/chat/sessions", {}).json()["id"]
    request = api.post("/csat/requests", {"session_id": session, "force": True}).json()["id"]
    other = api.post("/chat/sessions", {}).json()["id"]
    score = api.post("/csat/scores", {"session_id": other, "score": 5}).json()["id"]
    workflow = api.post("/workflows", {"name": "Bare"}).json()["id"]
    endpoint = Endpoint.objects.create(
        url="https://crm.acme.com/", events=["csat.requested"], secret="whsec_eA=="
    )
    queueing.enqueue_test(endpoint, by=SYSTEM)
    file = SimpleUploadedFile("past.csv", b"ticket,date\n1,2026-01-02\n")
    imported = api.client.post("/api/v1/imports", {"file": file, "kind": "generic"}).json()
    connection = api.post("/connections", {"kind": "generic"}).json()
    Client().post(connection["inbound_url"], {}, content_type="application/json")
    user = User.objects.create_superuser("boss", "boss@acme.example")
    view = {"view_id": str(SavedView.objects.create(user=user, name="All").uuid)}
    note = {"day": "2026-11-20", "text": "x"}
    return {
        "/reports/digests": api.post("/reports/digests", view).json()["id"],
        "/reports/shares": api.post("/reports/shares", view).json()["id"],
        "/reports/notes": api.post("/reports/notes", note).json()["id"],
        "/contacts": contact,
        "/chat/sessions": session,
        "/csat/requests": request,
        "/csat/scores": score,
        "/webhooks": str(endpoint.uuid),
        "/workflows": workflow,
        "/connections": connection["id"],
        "/imports": imported["id"],
        "session_id": session,
        "contact_id": contact,
        "brand": "default",
    }
