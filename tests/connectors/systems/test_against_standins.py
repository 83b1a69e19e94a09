"""Chatwoot and Zammad over real sockets: what the stand-ins send is verified and read, what we ask is
answered, and what we write comes back as ours.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from csat.connectors.api_client import ApiClient
from csat.connectors.base import Rating
from csat.connectors.changes import Change, ChangeType, ClosedBy
from csat.connectors.systems.chatwoot import Chatwoot
from csat.connectors.systems.zammad import Zammad
from csat.lib.outcomes import Never
from tests.connectors.fakes import Settings
from tests.standins import chatwoot, zammad
from tests.standins.listening import Heard, Listener, listening

CHATWOOT, ZAMMAD = Chatwoot(), Zammad()


@pytest.fixture
def door() -> Iterator[Listener]:
    """Where their webhooks arrive."""
    with listening() as one:
        yield one


@pytest.fixture
def chat(chatwoot_server, door):
    chatwoot_server.sender.urls.append(door.url)
    return chatwoot_server


@pytest.fixture
def desk(zammad_server, door):
    zammad_server.sender.urls.append(door.url)
    return zammad_server


def chatwoot_config(server: chatwoot.ChatwootServer, **more: Any) -> Settings:
    return Settings(
        base_url=server.base, account="1", inbound_secrets=(chatwoot.SECRET,), token=chatwoot.TOKEN,
        own_user="30", **more,
    )  # fmt: skip


def zammad_config(server: zammad.ZammadServer, **more: Any) -> Settings:
    return Settings(
        base_url=server.base, inbound_secrets=(zammad.SECRET,), token=zammad.TOKEN,
        own_user=zammad.OWN_EMAIL, **more,
    )  # fmt: skip


def changes(system: Chatwoot | Zammad, config: Settings, heard: list[Heard]) -> list[Change]:
    """What arrived at the door, each signature checked."""
    found = []
    for one in heard:
        system.verify(config, one.headers, one.body.encode(), "")
        found += system.read(config, one.headers, json.loads(one.body), None)
    return found


def rating(id_: int, score: int = 4, **more: Any) -> Rating:
    return Rating(
        str(id_),
        score,
        "Good",
        "quick",
        datetime(2026, 11, 20, tzinfo=UTC),
        f"https://x/{id_}",
        tag=True,
        **more,
    )


# Chatwoot


def test_a_conversation_of_chatwoot_is_told_from_its_first_word_to_its_end(chat, door):
    id_ = chat.start("My invoice is wrong", email="ana@example.com")
    chat.assign(id_)
    chat.agent_writes(id_, "a note", private=True)
    chat.agent_writes(id_, "We have corrected it.")
    chat.resolve(id_)
    assert chat.settle()
    told = changes(CHATWOOT, chatwoot_config(chat), door.heard)
    assert {change.external_id for change in told} == {str(id_)}
    assert not [change for change in told if change.not_used or change.ours]
    said = {message.id: (message.sender, message.text) for change in told for message in change.messages}
    assert sorted(said.values()) == [("agent", "We have corrected it."), ("contact", "My invoice is wrong")]
    assert [change.type for change in told].count(ChangeType.CREATED) == 1
    assert ChangeType.ASSIGNED in {change.type for change in told}
    last = max(told, key=lambda change: change.at)
    assert (last.status, last.channel, last.customer and last.customer.email) == (
        "resolved",
        "web",
        "ana@example.com",
    )


def test_a_look_up_of_chatwoot_says_the_same_as_its_webhooks(chat, door):
    id_ = chat.start("Hello", inbox=5)
    chat.agent_writes(id_, "Hi")
    chat.resolve(id_)
    assert chat.settle()
    config = chatwoot_config(chat)
    last = max(changes(CHATWOOT, config, door.heard), key=lambda change: change.at)
    with ApiClient(CHATWOOT, config) as api:
        found = CHATWOOT.look_up(config, api, str(id_))
        assert CHATWOOT.look_up(config, api, "99") is None
    assert found is not None
    for name in (
        "external_id",
        "at",
        "status",
        "channel",
        "source_channel",
        "customer",
        "created_at",
        "url",
        "tags",
    ):
        assert getattr(found, name) == getattr(last, name), name
    assert (found.channel, [said.text for said in found.messages]) == ("whatsapp", ["Hello", "Hi"])


def test_what_we_write_to_chatwoot_comes_back_as_ours_and_leaves_the_rest(chat, door):
    """Traps 5 and 17, also on a version that replaces all attributes."""
    chat.knows_merge = False
    id_ = chat.start("Hello")
    chat.label(id_, "billing", "csat_bad")
    chat.attribute(id_, plan="gold")
    chat.resolve(id_)
    assert chat.settle()
    door.heard.clear()
    config = chatwoot_config(chat)
    with ApiClient(CHATWOOT, config) as api:
        note = CHATWOOT.write_back(config, api, rating(id_))
        assert CHATWOOT.write_back(config, api, rating(id_)) == note  # the first answer was lost
        assert CHATWOOT.write_back(config, api, rating(id_, 5, note_id=note)) == note
        second = CHATWOOT.write_back(config, api, rating(id_, 1, note_id=note, changed_side=True))
    assert chat.settle()
    held = chat.conversations[id_]
    assert held["labels"] == ["billing", "csat_bad"]
    assert (held["custom_attributes"]["plan"], held["custom_attributes"]["csat_score"]) == ("gold", 1)
    assert [text.split()[1] for text in chat.notes(id_)] == ["4/5", "1/5"]
    assert second != note
    told = changes(CHATWOOT, config, door.heard)
    assert len(told) > 5
    assert all(change.ours for change in told)
    assert {message.sender for change in told for message in change.messages} == {"contact"}
    assert chat.problems == []


def test_a_withdrawn_rating_leaves_nothing_of_ours_at_chatwoot(chat):
    id_ = chat.start("Hello")
    chat.label(id_, "billing")
    chat.attribute(id_, plan="gold")
    config = chatwoot_config(chat)
    with ApiClient(CHATWOOT, config) as api:
        note = CHATWOOT.write_back(config, api, rating(id_))
        CHATWOOT.write_back(config, api, rating(id_, note_id=note, withdrawn=True))
    held = chat.conversations[id_]
    assert (held["labels"], held["custom_attributes"]) == (["billing"], {"plan": "gold"})
    assert chat.notes(id_) == ["This message was deleted"]


def test_a_sweep_of_chatwoot_finds_what_its_webhooks_lost(chat, door):
    """Trap 15."""
    chat.sender.lose = True
    since = datetime.now(UTC) - timedelta(seconds=5)
    ids = [chat.start("Hello") for _number in range(30)]
    for id_ in ids:
        chat.resolve(id_)
    assert chat.settle()
    assert chat.sender.lost
    config = chatwoot_config(chat)
    with ApiClient(CHATWOOT, config) as api:
        found, cursor = CHATWOOT.poll(config, api, since, "")
        paged, page = [], ""
        while True:
            some, page = CHATWOOT.poll(config, api, since - timedelta(days=1), page)
            paged += some
            if not page:
                break
        assert len(CHATWOOT.latest(config, api)) == 5
    assert (len(found), cursor) == (30, "")
    assert {change.external_id for change in paged} == {str(id_) for id_ in ids}
    assert {change.status for change in found} == {"resolved"}


def test_chatwoot_doubles_loses_and_reorders_as_a_test_wants_it(chat, door):
    chat.sender.double = chat.sender.lose = chat.sender.reorder = True
    for _number in range(40):
        chat.start("Hello")
    assert chat.settle()
    sender = chat.sender
    assert len(sender.lost) > 10
    assert len(sender.doubled) > 10
    assert len(sender.sent) == 80 - len(sender.lost) + len(sender.doubled)
    deliveries = [sent.delivery for sent in sender.sent]
    assert len(set(deliveries)) == len(deliveries)
    assert len({sent.body for sent in sender.sent}) == 80 - len(sender.lost)
    assert deliveries != sorted(deliveries)


def test_a_public_reply_of_ours_in_chatwoot_comes_back_as_ours(chat, door):
    id_ = chat.start("Hello")
    config = chatwoot_config(chat)
    assert chat.settle()
    door.heard.clear()
    with ApiClient(CHATWOOT, config) as api:
        CHATWOOT.send(config, api, str(id_), "Rate us: https://x")
        chat.conversations[id_]["can_reply"] = False
        with pytest.raises(Never, match="no longer takes replies"):
            CHATWOOT.send(config, api, str(id_), "Rate us: https://x")
    assert chat.settle()
    assert chat.own_replies(id_) == ["Rate us: https://x"]
    assert [(change.ours, change.messages) for change in changes(CHATWOOT, config, door.heard)] == [
        (True, ())
    ]


def test_the_webhook_is_set_up_at_chatwoot_once(chatwoot_server, door):
    config = chatwoot_config(chatwoot_server)
    with ApiClient(CHATWOOT, config) as api:
        secrets = {CHATWOOT.set_up(config, api, door.url) for _try in range(2)}
    assert (secrets, len(chatwoot_server.webhooks)) == ({chatwoot.SECRET}, 1)
    chatwoot_server.start("Hello")
    assert chatwoot_server.settle()
    assert changes(CHATWOOT, config, door.heard)


def test_chatwoot_with_another_token_pauses_the_connection(chat):
    config = replace(chatwoot_config(chat), token="another")
    with ApiClient(CHATWOOT, config) as api, pytest.raises(Never) as raised:
        CHATWOOT.latest(config, api)
    assert raised.value.account


# Zammad


def test_a_ticket_of_zammad_is_told_from_its_first_word_to_its_end(desk, door):
    id_ = desk.start("My invoice is wrong", phone="0151 12345678")
    desk.assign(id_)
    desk.agent_writes(id_, "a note", internal=True)
    desk.agent_writes(id_, "We have corrected it.", state="closed")
    assert desk.settle()
    told = changes(ZAMMAD, zammad_config(desk), door.heard)
    assert not [change for change in told if change.not_used or change.ours]
    said = {message.id: (message.sender, message.text) for change in told for message in change.messages}
    assert sorted(said.values()) == [("agent", "We have corrected it."), ("contact", "My invoice is wrong")]
    last = max(told, key=lambda change: change.at)
    assert (last.status, last.closed_by, last.assignee and last.assignee.email) == (
        "closed", ClosedBy.HUMAN, "sam.agent@example.com"
    )  # fmt: skip
    assert last.customer is not None
    assert last.customer.phone == "0151 12345678"


def test_a_ticket_that_a_customer_answers_opens_again_and_the_scheduler_closes_it(desk, door):
    id_ = desk.start("Hello")
    desk.close(id_)
    desk.customer_writes(id_, "It is wrong again")
    assert desk.settle()
    config = zammad_config(desk)
    assert max(changes(ZAMMAD, config, door.heard), key=lambda change: change.at).status == "open"
    desk.close(id_, by=1)
    assert desk.settle()
    assert changes(ZAMMAD, config, door.heard)[-1].closed_by == ClosedBy.AUTOMATIC
    desk.merge(id_)
    assert desk.settle()
    assert changes(ZAMMAD, config, door.heard)[-1].type == ChangeType.MERGED


def test_what_we_write_to_zammad_comes_back_as_ours_and_leaves_the_rest(desk, door):
    id_ = desk.start("Hello")
    desk.tag(id_, "billing")
    desk.close(id_)
    assert desk.settle()
    door.heard.clear()
    config = zammad_config(desk)
    with ApiClient(ZAMMAD, config) as api:
        note = ZAMMAD.write_back(config, api, rating(id_))
        assert ZAMMAD.write_back(config, api, rating(id_)) == note
        ZAMMAD.write_back(config, api, rating(id_, 1, note_id=note, changed_side=True))
    assert desk.settle()
    assert desk.tickets[id_]["csat_score"] == 1
    assert desk.tags[id_] == ["billing", "csat_bad"]
    assert len(desk.notes(id_)) == 2
    told = changes(ZAMMAD, config, door.heard)
    assert len(told) > 4
    assert all(change.ours and not change.messages for change in told)
    assert desk.problems == []


def test_a_withdrawn_rating_leaves_nothing_of_ours_at_zammad(desk):
    id_ = desk.start("Hello")
    desk.tag(id_, "billing")
    config = zammad_config(desk)
    with ApiClient(ZAMMAD, config) as api:
        note = ZAMMAD.write_back(config, api, rating(id_))
        ZAMMAD.write_back(config, api, rating(id_, note_id=note, withdrawn=True))
    assert {desk.tickets[id_][name] for name in zammad.ATTRIBUTES} == {None}
    assert (desk.tags[id_], desk.notes(id_)) == (["billing"], [])


def test_a_look_up_and_a_sweep_of_zammad_find_what_its_webhooks_lost(desk):
    """Trap 15."""
    desk.sender.lose = True
    since = datetime.now(UTC) - timedelta(seconds=5)
    ids = [desk.start("Hello") for _number in range(120)]
    for id_ in ids:
        desk.close(id_)
    desk.tag(1, "billing")
    config = zammad_config(desk)
    with ApiClient(ZAMMAD, config) as api:
        first, cursor = ZAMMAD.poll(config, api, since, "")
        second, cursor_2 = ZAMMAD.poll(config, api, since, cursor)
        third, end = ZAMMAD.poll(config, api, since, cursor_2)
        found = ZAMMAD.look_up(config, api, "1")
        assert len(ZAMMAD.latest(config, api)) == 5
        assert ZAMMAD.look_up(config, api, "999") is None
    assert (len(first), cursor, len(second), cursor_2, len(third), end) == (50, "2", 50, "3", 20, "")
    assert {change.external_id for change in first + second + third} == {str(id_) for id_ in ids}
    assert found is not None
    assert (found.status, found.tags, found.language) == ("closed", ("billing",), "en-us")
    assert found.customer is not None
    assert (found.customer.email, [said.text for said in found.messages]) == (
        "customer1@example.com",
        ["Hello"],
    )


def test_zammad_tries_again_with_the_ticket_as_it_is_then(desk, door):
    door.answer = lambda heard: (500 if len(door.heard) == 1 else 200, {})
    desk.sender.retry_seconds = 0.2
    id_ = desk.start("Hello")
    time.sleep(0.1)
    desk.close(id_)
    assert desk.settle()
    config = zammad_config(desk)
    retried = [
        one
        for one in door.heard
        if one.headers["x-zammad-delivery"] == door.heard[0].headers["x-zammad-delivery"]
    ]
    assert [change.status for change in changes(ZAMMAD, config, retried)] == ["new", "closed"]
