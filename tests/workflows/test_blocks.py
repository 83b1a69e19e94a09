"""The tree of blocks: the order in which it is walked, the next one to do, and what is wrong with it."""

import pytest

from csat.workflows import blocks
from csat.workflows.models import Step

NOTE = {"id": "note", "type": "note", "params": {"text": "Hello"}}
REOPEN = {"id": "reopen", "type": "reopen_session", "params": {}}
TAG = {"id": "tag", "type": "add_tag", "params": {"tag": "unhappy"}}
BRANCH = {
    "id": "branch",
    "type": "branch",
    "params": {"condition": {"<": [{"var": "csat.score"}, 3]}},
    "then": [NOTE],
    "else": [TAG],
}


def issues(*tree, trigger="ticket-resolved", when=None):
    return blocks.issues(trigger_type=trigger, trigger_constraints=when or {}, blocks=list(tree))


def next_id(*done, taken="then"):
    steps = {name: Step(output={"taken": taken} if name == "branch" else {}) for name in done}
    block = blocks.next_block([BRANCH, REOPEN], steps)
    return block and block["id"]


def test_every_block_comes_before_what_hangs_below_it():
    assert [block["id"] for block in blocks.walk([BRANCH, REOPEN])] == ["branch", "note", "tag", "reopen"]


def test_the_side_that_was_taken_is_done_before_what_follows_the_branch():
    assert next_id() == "branch"
    assert next_id("branch") == "note"
    assert next_id("branch", taken="else") == "tag"
    assert next_id("branch", "note") == "reopen"
    assert next_id("branch", "note", "reopen") is None


def test_a_finished_tree_has_no_issue():
    assert issues(BRANCH, REOPEN) == []


@pytest.mark.parametrize(
    ("tree", "step", "words"),
    [
        ([], None, "Add at least one step."),
        ([NOTE, NOTE], "note", "Two steps have the same id."),
        ([{"id": "fly", "type": "fly"}], "fly", "There is no step type “fly”."),
        ([{"type": "note"}], None, "Every step needs an id of at most 60 characters."),
        ([REOPEN | {"params": ["now"]}], "reopen", "A step's params are an object."),
        ([BRANCH | {"then": "note"}], None, "Steps are a list."),
    ],
)
def test_what_is_wrong_is_told_at_its_step(tree, step, words):
    assert [(issue.step_id, issue.message) for issue in issues(*tree)] == [(step, words)]


def test_a_step_that_lacks_something_is_named():
    assert {issue.step_id for issue in issues(NOTE | {"params": {}}, REOPEN)} == {"note"}


def test_an_unknown_trigger_and_a_broken_condition_belong_to_the_workflow():
    assert [issue.step_id for issue in issues(REOPEN, trigger="full-moon", when={"nonsense": [1]})] == [
        None,
        None,
    ]


def test_a_tree_has_limits_of_depth_and_of_size():
    deep = BRANCH
    for level in range(blocks.MAX_NESTING):
        deep = BRANCH | {"id": f"branch_{level}", "then": [deep], "else": []}
    assert "Branches are nested too deeply." in [issue.message for issue in issues(deep)]
    many = [REOPEN | {"id": f"reopen_{n}"} for n in range(blocks.MAX_BLOCKS)]
    assert issues(*many) == []
    assert len(issues(*many, NOTE)) == 1


class TestAConditionOnNoFact:
    """Told at its step, before it is active."""

    @pytest.mark.parametrize("name", ["score", "comment", "channel"])
    def test_short_names_are_facts_when_a_rating_starts_it(self, name):
        branch = BRANCH | {"params": {"condition": {"!!": [{"var": name}]}}}
        when = {"!!": [{"var": name}]}
        assert issues(branch, trigger="csat-score-submit", when=when) == []
        assert [issue.step_id for issue in issues(branch, when=when)] == [None, "branch"]

    def test_what_the_event_tells_is_known_to_the_trigger_alone(self):
        when = {"==": [{"var": "event.tag"}, "vip"]}
        assert issues(TAG, trigger="ticket-tag-added", when=when) == []
        assert [issue.step_id for issue in issues(TAG, trigger="ticket-created", when=when)] == [None]
        branch = BRANCH | {"params": {"condition": when}}
        assert [issue.step_id for issue in issues(branch, trigger="ticket-tag-added")] == ["branch"]

    @pytest.mark.parametrize(
        ("path", "steps"),
        [
            ("steps.read.score", []),
            ("steps.read.label", []),
            ("steps.red.score", ["branch"]),
            ("steps.read.mood", ["branch"]),
            ("steps.read", ["branch"]),
        ],
    )
    def test_steps_have_the_outputs_of_their_type(self, path, steps):
        read = {"id": "read", "type": "get_csat_score", "params": {}}
        branch = BRANCH | {"params": {"condition": {"<": [{"var": path}, 3]}}}
        assert [issue.step_id for issue in issues(read, branch)] == steps
