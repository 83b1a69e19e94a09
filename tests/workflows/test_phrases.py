"""Placeholders keep exactly what the customer wrote."""

import json

import pytest

from csat.workflows import phrases

COMMENT = 'She said "no",\nand left {contact_name} \\ alone'
VALUES = {"comment": COMMENT, "score": "2", "contact_name": "Ana"}


@pytest.mark.parametrize(
    "template", ['{"text": "{comment}"}', '{"score": {score}, "text": "{comment}"}', ' {"text": "{comment}"}']
)
def test_json_stays_json_whatever_a_customer_writes(template: str) -> None:
    assert json.loads(phrases.fill_body(template, VALUES))["text"] == COMMENT


@pytest.mark.parametrize("template", ["{contact_name}: {comment}", "comment={comment}", "{comment}"])
def test_plain_text_stays_as_it_was_written(template: str) -> None:
    assert COMMENT in phrases.fill_body(template, VALUES)


def test_what_was_filled_in_is_not_filled_again() -> None:
    assert phrases.fill("{comment} by {contact_name}", VALUES) == f"{COMMENT} by Ana"
