"""Writing workflows: drafts may be unfinished, and a version that has been active never changes."""

import pytest

from csat.lib.refusal import Invalid
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from csat.workflows import editing
from csat.workflows.models import Version, Workflow
from tests.factories import API

pytestmark = pytest.mark.django_db
REOPEN = {"id": "reopen", "type": "reopen_session", "params": {}}


def make_workflow(**content):
    return editing.create(
        **({"name": "Reopen", "by": SYSTEM, "trigger_type": "ticket-resolved", "blocks": [REOPEN]} | content)
    )


def test_a_draft_may_be_unfinished_but_is_not_activated():
    workflow = make_workflow(blocks=[])
    with pytest.raises(editing.NotValid) as refused:
        editing.activate(workflow, by=SYSTEM)
    assert [issue.message for issue in refused.value.issues] == ["Add at least one step."]
    assert workflow.again().active is None


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"trigger_type": "full-moon"}, "trigger_type"),
    ],
)
def test_what_cannot_be_saved_is_named(content, field):
    with pytest.raises(Invalid) as invalid:
        make_workflow(**content)
    assert list(invalid.value.fields) == [field]
    assert not Workflow.objects.exists()


def test_a_draft_is_written_in_place():
    workflow = make_workflow(blocks=[])
    editing.save_draft(workflow, by=SYSTEM, name="  Open   again ", blocks=[REOPEN])
    assert workflow.again().name == "Open again"
    assert Version.objects.get().blocks == [REOPEN]


def test_a_version_that_was_active_stays_and_the_next_takes_over_the_rest():
    workflow = make_workflow()
    first = editing.activate(workflow, by=SYSTEM)
    second = editing.save_draft(workflow, by=SYSTEM, blocks=[REOPEN | {"id": "again"}])
    assert (first.again().blocks, workflow.again().active) == ([REOPEN], first)
    assert (second.number, second.trigger_type, second.activated_at) == (2, "ticket-resolved", None)
    assert editing.activate(workflow.again(), by=SYSTEM) == second
    assert workflow.again().active == second


def test_who_changed_a_draft_is_in_the_audit_log_with_what_but_only_when_it_did():
    workflow = make_workflow()
    Event.objects.all().delete()
    for _ in range(2):
        editing.save_draft(workflow, by=API, name="Open again", blocks=[REOPEN | {"id": "again"}])
    audited = Event.objects.filter(kind="audit", actor_name="Helpdesk").order_by("id")
    assert [(event.data["what"], event.data["after"]) for event in audited] == [
        ("workflow.renamed", {"name": "Open again"}),
        ("workflow.draft_changed", {"name": "Open again", "version": 1, "changed": ["blocks"]}),
    ]


def test_writing_nothing_makes_no_version():
    workflow = make_workflow()
    editing.activate(workflow, by=SYSTEM)
    editing.save_draft(workflow, by=SYSTEM, name="Another name")
    assert Version.objects.count() == 1


def test_switched_off_or_removed_it_listens_to_nothing():
    off, gone = make_workflow(), make_workflow()
    for workflow in (off, gone):
        editing.activate(workflow, by=SYSTEM)
    assert set(Workflow.objects.listening_to({"ticket-resolved"})) == {off, gone}
    editing.disable(off, by=SYSTEM)
    editing.remove(gone, by=SYSTEM)
    assert not Workflow.objects.listening_to({"ticket-resolved"})
    assert list(Workflow.objects.alive()) == [off]


def test_a_copy_is_a_draft_that_shares_nothing():
    workflow = make_workflow(trigger_constraints={"==": [{"var": "session.channel"}, "email"]})
    editing.activate(workflow, by=SYSTEM)
    copied = editing.duplicate(workflow, by=SYSTEM)
    editing.save_draft(copied, by=SYSTEM, blocks=[])
    assert (copied.name, copied.active) == ("Reopen (copy)", None)
    assert copied.latest.trigger_constraints == workflow.latest.trigger_constraints
    assert workflow.again().latest.blocks == [REOPEN]
