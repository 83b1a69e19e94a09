"""The list of what the audit log keeps."""

import re

from csat.people import audit_actions
from csat.people.audit_actions import FAMILIES, FORMER, AuditAction


def test_each_is_a_family_and_what_happened_and_fits_a_webhook_type():
    for action in AuditAction:
        assert re.fullmatch(r"[a-z_]+\.[a-z_]+", action), action
        assert len(f"audit.{action}") <= 60


def test_each_family_has_its_label():
    assert set(FAMILIES) == {action.family for action in AuditAction}


def test_a_question_for_an_action_finds_rows_from_before_the_list_too():
    assert audit_actions.stored_as([AuditAction.SENDING_RESUMED]) == [
        "sending.resumed",
        "sending resumed",
        "channel resumed",
    ]


def test_every_row_is_readable_in_words():
    assert audit_actions.label("key.rotated") == "API key rotated"
    assert audit_actions.label("webhook secret rotated") == "Secret of a webhook rotated"
    assert audit_actions.label("user changed: sam") == "user changed: sam"
    assert not set(FORMER) & set(AuditAction.values)
