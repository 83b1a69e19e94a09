"""/workflows"""

from typing import Any

import pytest

from csat.workflows import running
from tests.api.conftest import Machine
from tests.factories import make_session

pytestmark = pytest.mark.django_db
TAG = {"id": "tag", "type": "add_tag", "params": {"tag": "seen"}}
LOW = {"<": [{"var": "csat.score"}, 3]}
EATS_MEMORY = {
    "==": [{"reduce": [[1] * 40, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]}, "y"]
}
NO_FACT = {"<": [{"var": "rating"}, 3]}


def made(api: Machine, **more: Any) -> dict[str, Any]:
    answer = api.post(
        "/workflows", {"name": "Tag it", "trigger_type": "manual-trigger", "workflow_blocks": [TAG]} | more
    )
    assert answer.status_code == 201, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_a_new_workflow_is_a_draft(api: Machine) -> None:
    workflow = made(api, trigger_constraints=LOW)
    assert (workflow["status"], workflow["active"], workflow["version"]) == ("draft", False, 1)
    assert workflow["trigger_constraints"] == LOW
    assert workflow["workflow_blocks"] == [TAG]


def test_activated_run_and_read(api: Machine) -> None:
    workflow, session = made(api), make_session()
    assert api.post(f"/workflows/{workflow['id']}/run", {"session_id": str(session.uuid)}).status_code == 409
    assert api.post(f"/workflows/{workflow['id']}/activate").json()["status"] == "active"
    run = api.post(f"/workflows/{workflow['id']}/run", {"session_id": str(session.uuid)})
    assert run.status_code == 202
    running.run_due()
    [run] = api.get(f"/workflows/{workflow['id']}/runs").json()["items"]
    assert (run["state"], run["session_id"]) == ("succeeded", str(session.uuid))
    assert run["steps"][0] | {"id": 0, "started_at": 0, "finished_at": 0} == {
        "id": 0,
        "step_id": "tag",
        "type": "add_tag",
        "state": "succeeded",
        "attempt": 1,
        "interrupted": False,
        "input": {"tag": "seen"},
        "output": {"tag": "seen"},
        "error": None,
        "started_at": 0,
        "finished_at": 0,
    }


def test_a_change_of_an_active_workflow_is_a_new_draft(api: Machine) -> None:
    workflow = made(api)
    api.post(f"/workflows/{workflow['id']}/activate")
    changed = api.patch(
        f"/workflows/{workflow['id']}", {"name": "Tag them", "trigger_constraints": LOW}
    ).json()
    assert (changed["name"], changed["status"], changed["version"], changed["active_version"]) == (
        "Tag them",
        "changed",
        2,
        1,
    )


def test_what_is_not_ready_cannot_be_activated_and_says_why(api: Machine) -> None:
    workflow = made(api, workflow_blocks=[])
    answer = api.post(f"/workflows/{workflow['id']}/activate")
    assert answer.status_code == 422
    assert answer.json()["fields"]["workflow_blocks"] == ["Add at least one step."]


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ({"workflow_blocks": [{"id": "x", "type": "teleport"}]}, "x"),
        ({"workflow_blocks": [TAG, TAG]}, "tag"),
        ({"workflow_blocks": [{"id": "w", "type": "wait", "params": {"seconds": "long"}}]}, "w"),
        ({"workflow_blocks": [{"id": "b", "type": "branch", "params": {}, "then": [], "else": []}]}, "b"),
        (
            {
                "workflow_blocks": [
                    {"id": "n", "type": "notify", "params": {"via": "pigeon", "to": "x", "message": "y"}}
                ]
            },
            "n",
        ),
        (
            {
                "workflow_blocks": [
                    {
                        "id": "h",
                        "type": "http_request",
                        "params": {"method": "POST", "url": "http://127.0.0.1/"},
                    }
                ]
            },
            "h",
        ),
        ({"workflow_blocks": "steps"}, None),
        ({"workflow_blocks": [TAG], "trigger_type": "full-moon"}, None),
        ({"workflow_blocks": [TAG], "trigger_constraints": {"frobnicate": []}}, None),
        ({"workflow_blocks": [["nested"]]}, None),
        ({"workflow_blocks": [TAG], "trigger_constraints": EATS_MEMORY}, None),
        ({"workflow_blocks": [TAG | {"type": "branch", "params": {"condition": EATS_MEMORY}}]}, TAG["id"]),
        ({"workflow_blocks": [TAG], "trigger_constraints": {"<": [{"var": "scor"}, 3]}}, None),
        ({"workflow_blocks": [TAG | {"type": "branch", "params": {"condition": NO_FACT}}]}, TAG["id"]),
        ({"workflow_blocks": [TAG], "trigger_type": None}, None),
        ({"workflow_blocks": [TAG], "trigger_constraints": ["always"]}, None),
        ({"workflow_blocks": None}, None),
    ],
)
def test_validation_names_the_step_and_what_is_wrong(
    api: Machine, given: dict[str, Any], step: str | None
) -> None:
    verdict = api.post("/workflows/validate", given).json()
    assert verdict["valid"] is False
    assert step in [issue["step_id"] for issue in verdict["issues"]]


def test_a_condition_without_end_is_answered_and_not_run(api: Machine) -> None:
    """Depth and size beyond anything: refused in words, and no draft keeps it."""
    endless: Any = True
    for _level in range(400):
        endless = {"!": [endless]}
    given = {"workflow_blocks": [TAG], "trigger_constraints": endless}
    verdict = api.post("/workflows/validate", given)
    assert (verdict.status_code, verdict.json()["valid"]) == (200, False)
    assert api.post("/workflows", given | {"name": "Endless"}).status_code == 422


def test_short_names_of_the_rating_are_facts(api: Machine) -> None:
    """A condition as it is written for OpenCX."""
    given = {"workflow_blocks": [TAG], "trigger_constraints": {"<": [{"var": "score"}, 3]}}
    assert api.post("/workflows/validate", given).json() == {"valid": True, "issues": []}
    other = api.post("/workflows/validate", given | {"trigger_type": "ticket-created"}).json()
    assert "Did you mean “csat.score”?" in other["issues"][0]["message"]


def test_a_good_workflow_is_valid(api: Machine) -> None:
    branch = {
        "id": "b",
        "type": "branch",
        "params": {"condition": LOW},
        "then": [TAG],
        "else": [{"id": "s", "type": "stop"}],
    }
    assert api.post(
        "/workflows/validate", {"trigger_type": "csat-score-submit", "workflow_blocks": [branch]}
    ).json() == {
        "valid": True,
        "issues": [],
    }


def test_a_removed_workflow_is_gone(api: Machine) -> None:
    workflow = made(api)
    assert api.delete(f"/workflows/{workflow['id']}").status_code == 204
    assert api.get(f"/workflows/{workflow['id']}").status_code == 404


def test_the_list_costs_the_same_for_one_and_for_fifty(
    api: Machine, django_assert_max_num_queries: Any
) -> None:
    for number in range(50):
        made(api, name=f"Workflow {number}")
    with django_assert_max_num_queries(8):
        assert len(api.get("/workflows", limit=50).json()["items"]) == 50
