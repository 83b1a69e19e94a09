"""Gate: one question, its answer in words, and which of many decided."""

import pytest

from csat.surveys import gates
from csat.surveys.gates import Gate
from csat.surveys.models import Survey

OPT_OUT, ADDRESS = Gate("opt_out", True), Gate("address", False, "sms")


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        (Gate("auto_send", True, True), "Auto-send is on"),
        (Gate("contact_cap", False, 30), "Already surveyed in the last 30 days"),
        (Gate("contact_cap", True, 0), "No limit per contact"),
        (Gate("sample", True, 100), "No sampling: everybody is asked"),
        (Gate("sample", False, 10), "Not in the sample of 10 %"),
        (ADDRESS, "No address for SMS"),
        (Gate("ticketing_system", False, "zendesk"), None),
        (Gate("of_another_day", False), "of_another_day"),
    ],
)
def test_each_answer_is_a_sentence(gate, words):
    assert (gate.text == words) if words else ("Zendesk" in gate.text)


def test_a_kept_gate_is_said_in_the_words_of_today():
    survey = Survey(gates=[Gate("auto_send", False, False).as_dict() | {"text": "In words of last year"}])
    assert [gate.text for gate in gates.gates_of(survey)] == ["Auto-send is off"]


def test_the_first_one_that_said_no_is_named():
    assert gates.first_failed([OPT_OUT, ADDRESS, Gate("sample", False, 10)]) == ADDRESS
    assert gates.first_failed([OPT_OUT]) is None


def test_a_newer_judgement_takes_the_place_of_the_older_one():
    kept = gates.merge(
        [OPT_OUT.as_dict(), ADDRESS.as_dict()], [Gate("address", True, "sms"), Gate("delay", True, 0)]
    )
    assert [(gate["name"], gate["passed"]) for gate in kept] == [
        ("opt_out", True),
        ("address", True),
        ("delay", True),
    ]


def test_only_a_skipped_survey_has_a_deciding_gate():
    judged = [OPT_OUT.as_dict(), ADDRESS.as_dict()]
    assert gates.deciding_gate(Survey(gates=judged, skipped_by="address")) == ADDRESS
    assert gates.deciding_gate(Survey(gates=judged)) is None
