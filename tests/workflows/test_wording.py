"""What is filled into the words of a workflow stays what the customer wrote."""

import json

import pytest

from csat.workflows import wording

SAID = 'She said "no",\nand left {contact_name} \\ alone'
VALUES = {"comment": SAID, "score": "2", "contact_name": "Ana"}


@pytest.mark.parametrize("template", ['{"text": "{comment}"}', '{"score": {score}, "text": "{comment}"}', ' {"text": "{comment}"}'])
def test_json_stays_json_whatever_a_customer_writes(template: str) -> None:
    assert json.loads(wording.filled_body(template, VALUES))["text"] == SAID


@pytest.mark.parametrize("template", ["{contact_name}: {comment}", "comment={comment}", "{comment}"])
def test_plain_text_stays_as_it_was_said(template: str) -> None:
    assert SAID in wording.filled_body(template, VALUES)


def test_what_was_filled_in_is_not_filled_again() -> None:
    assert wording.filled("{comment} by {contact_name}", VALUES) == f"{SAID} by Ana"
