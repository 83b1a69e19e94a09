"""Workflows: the list, the builder, the runs."""

from typing import Any

import pytest
from django.test import Client

from csat.sessions import resolving
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.workflows import editing, examples, running
from csat.workflows.models import Run, Workflow
from tests.factories import make_session

pytestmark = pytest.mark.django_db
PAGE = "/workflows/"


def made(client: Client, example: str = "") -> Workflow:
    client.post(f"{PAGE}new/", {"example": example})
    return Workflow.objects.latest("id")


def edit(client: Client, workflow: Workflow, op: str, **data: Any) -> str:
    return client.post(
        f"{PAGE}{workflow.uuid}/edit/", {"op": op, **data}, headers={"HX-Request": "true"}
    ).content.decode()


def blocks(workflow: Workflow) -> Any:
    return workflow.again().latest.blocks


class TestTheList:
    def test_offers_the_examples_and_says_nothing_runs_yet(self, manager: Client) -> None:
        page = manager.get(PAGE).content.decode()
        assert "No workflows yet" in page
        for example in examples.EXAMPLES:
            assert str(example.name) in page

    @pytest.mark.parametrize("slug", [example.slug for example in examples.EXAMPLES])
    def test_an_example_is_one_click_away_and_ready_to_activate(self, manager: Client, slug: str) -> None:
        workflow = made(manager, slug)
        wanting = ["tell"] if slug == "low-score" else []  # a colleague's address
        assert [issue.step_id for issue in editing.check(workflow.latest)] == wanting
        assert workflow.name in manager.get(PAGE).content.decode()

    def test_costs_the_same_for_one_and_for_twenty(
        self, manager: Client, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(20):
            made(manager, "low-score")
        manager.get(PAGE)  # the settings' row is made by the first who needs it
        with django_assert_max_num_queries(10):
            manager.get(PAGE)


class TestTheBuilder:
    def test_says_the_whole_in_a_sentence(self, manager: Client) -> None:
        page = manager.get(f"{PAGE}{made(manager, 'low-score').uuid}/").content.decode()
        assert (
            "When a customer rates, if Score is lower than 3: Notify supervisor@example.com "
            "by email, Reopen the conversation." in page
        )

    def test_steps_are_added_filled_moved_and_removed(self, manager: Client) -> None:
        workflow = made(manager)
        edit(manager, workflow, "add", type="add_tag")
        edit(manager, workflow, "add", type="branch")
        edit(manager, workflow, "add", type="note", under="branch", side="else")
        assert "“Tag” is missing." in manager.get(f"{PAGE}{workflow.uuid}/").content.decode()
        edit(manager, workflow, "params:add_tag", step="add_tag", tag="vip")
        edit(manager, workflow, "move:down,add_tag")
        first, second = blocks(workflow)
        assert (first["id"], first["else"][0]["type"], second["params"]) == ("branch", "note", {"tag": "vip"})
        edit(manager, workflow, "remove:branch")
        assert [block["id"] for block in blocks(workflow)] == ["add_tag"]

    def test_a_wait_is_told_in_hours_and_kept_in_seconds(self, manager: Client) -> None:
        workflow = made(manager)
        edit(manager, workflow, "add", type="wait")
        assert "Wait 2 hours" in edit(manager, workflow, "params:wait", step="wait", seconds="2", unit="3600")
        assert blocks(workflow)[0]["params"] == {"seconds": 7200}

    def test_conditions_are_rows_in_groups(self, manager: Client) -> None:
        workflow = made(manager)
        edit(manager, workflow, "condition:add:0", target="")
        row = {"group": ["0"], "field": ["csat.score"], "operator": ["lower"], "value": ["3"]}
        edit(manager, workflow, "condition:add-group", target="", **row)
        low = {"<": [{"var": "csat.score"}, 3]}
        assert workflow.again().latest.trigger_constraints == {"and": [low, low]}
        rows = {
            "group": ["0", "1", "1"],
            "field": ["csat.score", "session.tags", "session.handed_off"],
            "operator": ["lower", "contains", "is"],
        }
        edit(
            manager,
            workflow,
            "condition",
            target="",
            **rows,
            value=["3", "vip", "true"],
            **{"joint-0": "and", "joint-1": "or"},
        )
        assert workflow.again().latest.trigger_constraints == {
            "and": [
                {"<": [{"var": "csat.score"}, 3]},
                {
                    "or": [
                        {"in": ["vip", {"var": "session.tags"}]},
                        {"==": [{"var": "session.handed_off"}, True]},
                    ]
                },
            ]
        }
        edit(
            manager,
            workflow,
            "condition:remove:0",
            target="",
            **rows,
            value=["3", "vip", "true"],
            **{"joint-1": "or"},
        )
        assert "csat.score" not in str(workflow.again().latest.trigger_constraints)

    def test_what_rows_cannot_say_is_edited_as_json(self, manager: Client) -> None:
        workflow = made(manager)
        edit(manager, workflow, "condition", target="", json='{"<": [{"+": [1, {"var": "csat.score"}]}, 4]}')
        page = manager.get(f"{PAGE}{workflow.uuid}/").content.decode()
        assert "too complex for rows" in page
        assert "This is not valid JSON" in edit(manager, workflow, "condition", target="", json="{nonsense")

    def test_without_javascript_an_edit_comes_back_to_the_page(self, manager: Client) -> None:
        workflow = made(manager)
        answer = manager.post(f"{PAGE}{workflow.uuid}/edit/", {"op": "add", "type": "stop"})
        assert (answer.status_code, answer["Location"]) == (302, f"{PAGE}{workflow.uuid}/")

    def test_what_is_not_ready_is_not_activated_and_says_why(self, manager: Client) -> None:
        workflow = made(manager)
        answer = manager.post(f"{PAGE}{workflow.uuid}/activate/")
        assert answer.status_code == 422
        assert "Add at least one step." in answer.content.decode()
        assert workflow.again().active is None

    def test_activated_changed_switched_off_copied_and_removed(self, manager: Client) -> None:
        workflow = made(manager, "ai-training")
        manager.post(f"{PAGE}{workflow.uuid}/activate/")
        edit(manager, workflow, "add", type="stop")
        page = manager.get(f"{PAGE}{workflow.uuid}/").content.decode()
        assert "version 1 active" in page
        assert "draft of version 2" in page
        manager.post(f"{PAGE}{workflow.uuid}/disable/")
        assert workflow.again().active is None
        manager.post(f"{PAGE}{workflow.uuid}/duplicate/")
        assert Workflow.objects.latest("id").name.endswith("(copy)")
        manager.post(f"{PAGE}{workflow.uuid}/remove/")
        assert manager.get(f"{PAGE}{workflow.uuid}/").status_code == 404

    @pytest.mark.parametrize("op", ["explode", "add", "params:nowhere"])
    def test_an_unknown_edit_is_not_found(self, manager: Client, op: str) -> None:
        assert (
            manager.post(f"{PAGE}{made(manager).uuid}/edit/", {"op": op, "type": "teleport"}).status_code
            == 404
        )


class TestRuns:
    @pytest.fixture
    def workflow(self, manager: Client) -> Workflow:
        steps = [
            {"id": "tag", "type": "add_tag", "params": {"tag": "seen"}},
            {"id": "give", "type": "assign", "params": {"agent": "nobody@acme.example"}},
        ]
        workflow = editing.create(name="Tag", by=SYSTEM, trigger_type="ticket-resolved", blocks=steps)
        editing.activate(workflow, by=SYSTEM)
        return workflow

    def ran(self) -> Run:
        resolving.resolve(make_session(), by=SYSTEM)
        dispatching.fan_out()
        running.run_due()
        return Run.objects.latest("id")

    def test_the_log_shows_each_step_with_input_output_and_error(
        self, manager: Client, workflow: Workflow
    ) -> None:
        run = self.ran()
        page = manager.get(f"{PAGE}{workflow.uuid}/runs/{run.uuid}/").content.decode()
        assert "Add the tag “seen”" in page
        assert "There is no agent with the email nobody@acme.example." in page
        assert "Retry from the failed step" in page
        assert str(run.session) in manager.get(f"{PAGE}{workflow.uuid}/runs/").content.decode()

    def test_a_failed_run_goes_on_from_the_failed_step(self, manager: Client, workflow: Workflow) -> None:
        run = self.ran()
        manager.post(f"{PAGE}{workflow.uuid}/runs/{run.uuid}/retry/")
        assert run.again().state == Run.State.DUE
        assert [step.state for step in run.steps.all()] == ["succeeded", "running"]

    def test_started_by_hand_on_a_conversation(self, manager: Client, workflow: Workflow) -> None:
        session = make_session()
        answer = manager.post(f"{PAGE}{workflow.uuid}/run/", {"ticket": f"#{session.pk}"})
        assert answer["Location"] == f"{PAGE}{workflow.uuid}/runs/{Run.objects.get().uuid}/"

    def test_a_conversation_there_is_not_is_told(self, manager: Client, workflow: Workflow) -> None:
        answer = manager.post(f"{PAGE}{workflow.uuid}/run/", {"ticket": "999999"}, follow=True)
        assert "There is no conversation #999999." in answer.content.decode()
