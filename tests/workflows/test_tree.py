"""Editing the tree of steps: every edit gives a new tree, the old one stays as it was."""

import copy

import pytest

from csat.workflows import tree


@pytest.fixture
def steps():
    return [
        {"id": "note", "type": "note", "params": {"text": "Hello"}},
        {
            "id": "branch",
            "type": "branch",
            "params": {},
            "then": [{"id": "reopen", "type": "reopen_session", "params": {}}],
            "else": [],
        },
    ]


def ids(blocks):
    return [block["id"] for block in blocks]


def test_a_step_is_found_wherever_it_hangs(steps):
    assert tree.find(steps, "reopen")["type"] == "reopen_session"
    assert tree.find(steps, "nowhere") is None


def test_a_new_step_gets_a_free_id_at_the_end_of_its_side(steps):
    after, name = tree.add(steps, "note", under="branch", side="else")
    assert name == "note_2"
    assert ids(after[1]["else"]) == ["note_2"]
    after, name = tree.add(after, "note")
    assert (name, ids(after)) == ("note_3", ["note", "branch", "note_3"])


def test_a_new_branch_has_two_empty_sides(steps):
    after, name = tree.add(steps, "branch")
    assert (tree.find(after, name)["then"], tree.find(after, name)["else"]) == ([], [])


def test_a_removed_branch_takes_what_hangs_below_it(steps):
    assert ids(tree.remove(steps, "branch")) == ["note"]
    assert tree.remove(steps, "reopen")[1]["then"] == []
    assert tree.remove(steps, "nowhere") == steps


def test_a_step_moves_among_its_neighbours_and_no_further(steps):
    assert ids(tree.move(steps, "note", 1)) == ["branch", "note"]
    assert ids(tree.move(steps, "note", -1)) == ["note", "branch"]
    assert ids(tree.move(steps, "branch", 1)) == ["note", "branch"]
    assert tree.move(steps, "reopen", -1) == steps


def test_empty_params_are_not_kept_but_a_zero_is(steps):
    after = tree.set_params(steps, "note", {"text": "", "agent": None, "seconds": 0})
    assert after[0]["params"] == {"seconds": 0}


def test_the_tree_that_was_given_stays_as_it_was(steps):
    before = copy.deepcopy(steps)
    tree.add(steps, "note", under="branch")
    tree.remove(steps, "reopen")
    tree.move(steps, "note", 1)
    tree.set_params(steps, "note", {})
    assert steps == before
