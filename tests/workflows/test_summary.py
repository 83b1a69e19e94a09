"""A workflow in words."""

from csat.workflows import summary

LOW = {"<": [{"var": "csat.score"}, 3]}
NOTE = {"id": "note", "type": "note", "params": {"text": "Call back"}}
REOPEN = {"id": "reopen", "type": "reopen_session", "params": {}}


def said(*blocks, when=None):
    return summary.workflow(trigger_type="csat-score-submit", trigger_constraints=when, blocks=list(blocks))


def branch(then, otherwise):
    return {"id": "branch", "type": "branch", "params": {"condition": LOW}, "then": then, "else": otherwise}


def test_the_steps_stand_in_their_order():
    assert said(REOPEN, NOTE).endswith(f": {summary.step(REOPEN)}, {summary.step(NOTE)}.")


def test_a_condition_is_said_only_where_there_is_one():
    assert ", if Score is lower than 3: " in said(REOPEN, when=LOW)
    assert ", if" not in said(REOPEN, when={})


def test_without_steps_the_sentence_ends_in_one_ellipsis():
    assert said().endswith(": …")


def test_both_sides_of_a_branch_are_told():
    head, reopen, note = (summary.step(block) for block in (branch([], []), REOPEN, NOTE))
    assert said(branch([REOPEN], [])).endswith(f": {head} ({reopen}).")
    assert said(branch([REOPEN], [NOTE])).endswith(f": {head} ({reopen}; otherwise {note}).")
    assert said(branch([], [NOTE])).endswith(f": {head} (nothing; otherwise {note}).")
    assert said(branch([], [])).endswith(f": {head}.")
