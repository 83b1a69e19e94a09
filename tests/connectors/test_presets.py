"""Presets of the generic connector: each can be used as it is, and says what nobody has checked."""

import pytest

from csat.connectors import presets
from csat.connectors.mapping import reader
from csat.connectors.mapping.rows import parse
from csat.connectors.presets import Preset
from tests.connectors.fakes import payload


def test_they_are_listed_by_name():
    assert [preset.name for preset in presets.all()] == [
        "Dixa", "Frappe Helpdesk", "Freshchat", "Kustomer",
        "LibreDesk", "Odoo Helpdesk", "osTicket", "Re:amaze",
    ]  # fmt: skip


@pytest.mark.parametrize("preset", presets.all(), ids=lambda preset: preset.slug)
def test_each_can_be_used_and_says_that_it_is_unverified(preset: Preset):
    reader.validate(preset.mapping, "https://desk.example.com")
    assert preset.note.startswith("Unverified")
    assert presets.find(preset.slug) is preset


def test_an_unknown_one_is_not_found():
    assert presets.find("nonsense") is None


def test_libredesk_is_the_example_of_the_design():
    example = payload("generic-mapping")
    preset = presets.find("libredesk")
    assert preset
    assert preset.mapping["rows"] == example["rows"]
    assert preset.mapping["auth"] == example["auth"]


def test_a_private_note_of_freshchat_is_no_message():
    preset = presets.find("freshchat")
    assert preset
    body = {
        "actor": {"actor_type": "agent", "actor_id": "a"},
        "action": "message_create",
        "action_time": "2022-11-22T10:55:23.126Z",
        "data": {"message": {
            "message_parts": [{"text": {"content": "hello"}}], "id": "m", "conversation_id": "c",
            "message_type": "normal", "actor_type": "agent", "created_time": "2022-11-22T10:55:23.126Z",
            "botsPrivateNote": False,
        }},
    }  # fmt: skip
    assert [said.text for said in reader.read(parse(preset.mapping), body).messages] == ["hello"]
    body["data"]["message"]["message_type"] = "private"  # type: ignore[index]
    assert reader.read(parse(preset.mapping), body).messages == ()


def test_a_closed_conversation_of_dixa_is_resolved():
    preset = presets.find("dixa")
    assert preset
    body = {"event_id": "1", "event_fqn": "CONVERSATION_CLOSED", "data": {"conversation": {"csid": 42}}}
    change = reader.read(parse(preset.mapping), body)
    assert (change.external_id, change.status) == ("42", "closed_resolved")
