"""Workflows to start from: each can be used as it is."""

import pytest

from csat.workflows import blocks, examples


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda example: example.slug)
def test_each_is_found_by_its_slug_and_its_shape_is_right(example):
    assert examples.get(example.slug) is example
    issues = blocks.issues(
        trigger_type=example.trigger_type,
        trigger_constraints=example.trigger_constraints,
        blocks=list(example.blocks),
    )
    assert all(issue.step_id for issue in issues), issues  # a step may want an address or a name


def test_an_unknown_slug_is_no_example():
    assert examples.get("full-moon") is None
