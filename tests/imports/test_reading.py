"""A row of a file as a past conversation."""

from datetime import UTC, datetime

import pytest

from csat.imports import reading
from csat.imports.reading import PastConversation
from tests.imports.conftest import CHATWOOT_IN_GERMAN, upload

pytestmark = pytest.mark.django_db
HEADER = "ticket,score,comment,email,phone,name,agent,team,channel,language,subject,date\n"


def conversations(text: str, kind: str = "generic", **mapping: object) -> list[PastConversation]:
    return [row for batch in reading.batches(upload(text, kind, **mapping)) for row in batch.conversations]


def refused(text: str, kind: str = "generic", **mapping: object) -> list[tuple[int, str]]:
    return [row for batch in reading.batches(upload(text, kind, **mapping)) for row in batch.refused]


def test_every_column_is_read():
    line = "7,4,well,Ana@Acme.example,+49 170 1234567,Ana,Ben,Berlin,WhatsApp,de,Refund,2026-01-02 10:00"
    row = conversations(HEADER + line)[0]
    assert (row.external_id, row.score, row.comment) == ("import:generic:7", 4, "well")
    assert (row.details.email, row.details.phone, row.details.name) == (
        "ana@acme.example",
        "+491701234567",
        "Ana",
    )
    assert (row.agent, row.team, row.channel) == (("Ben", ""), "Berlin", "whatsapp")
    assert (row.language, row.subject, row.at) == ("de", "Refund", datetime(2026, 1, 2, 10, tzinfo=UTC))
    assert row.original == {"value": "4", "scale": "five"}


def test_the_original_value_is_kept_beside_ours():
    row = conversations("ticket_id,score,created_at\n1,bad,2026-01-02\n", "zendesk")[0]
    assert (row.score, row.original) == (1, {"value": "bad", "scale": "words"})


@pytest.mark.parametrize(
    ("cell", "ticket"),
    [
        ("#4021", "4021"),
        ("https://chat.acme.example/app/accounts/1/conversations/4021", "4021"),
        ("https://acme.zendesk.com/agent/tickets/35436", "35436"),
        ("https://app.intercom.com/a/inbox/abc1/inbox/conversation/215469", "215469"),
        ("https://desk.example/x/ABC-1?tab=2", "ABC-1"),
        ("ABC 12", "ABC 12"),
    ],
)
def test_the_conversations_number_out_of_its_link(cell, ticket):
    assert (
        conversations(f"ticket,score,date\n{cell},5,2026-01-02\n")[0].external_id
        == f"import:generic:{ticket}"
    )


@pytest.mark.parametrize(
    ("cell", "agent"),
    [
        ("Ben Groß (ben@acme.example)", ("Ben Groß", "ben@acme.example")),
        ("Ben <ben@acme.example>", ("Ben", "ben@acme.example")),
        ("ben@acme.example", ("", "ben@acme.example")),
        ("Ben; Kim", ("Ben", "")),
        ('"Groß, Ben"', ("Groß, Ben", "")),
        ("", ("", "")),
    ],
)
def test_the_agent_however_it_is_written(cell, agent):
    assert conversations(f"ticket,score,agent,date\n1,5,{cell},2026-01-02\n")[0].agent == agent


def test_the_last_line_of_chatwoot_is_no_conversation_and_no_mistake():
    assert [row.external_id for row in conversations(CHATWOOT_IN_GERMAN, "chatwoot")] == [
        "import:chatwoot:4021",
        "import:chatwoot:4022",
    ]
    assert not refused(CHATWOOT_IN_GERMAN, "chatwoot")


def test_what_is_wrong_with_a_row_is_named_by_its_field():
    text = HEADER + "1,lovely,,,,,,,,,,soon\n2,5,,,,,,,,,,2026-01-02\n"
    (number, reason), *others = refused(text)
    assert (number, others) == (2, [])
    assert reason.startswith("score: ")
    assert "when: " in reason


def test_an_address_that_cannot_be_used_costs_the_rating_nothing():
    row = conversations(HEADER + "1,5,,not an address,0170 1234567,Ana,,,,,,2026-01-02\n")[0]
    assert (row.details.email, row.details.phone, row.details.name) == ("", "", "Ana")
    assert row.left_out == ["email", "phone_number"]


def test_a_name_in_the_column_of_addresses_is_a_name():
    assert conversations("ticket,score,email,date\n1,5,Ana,2026-01-02\n")[0].details.name == "Ana"


def test_equal_rows_without_a_number_are_as_many_conversations_and_the_same_ones_next_time():
    text = "score,date\n5,2026-01-02\n5,2026-01-02\n4,2026-01-02\n"
    ids = [row.external_id for row in conversations(text)]
    assert len(set(ids)) == 3
    assert [row.external_id for row in conversations(text)] == ids


def test_a_row_with_neither_a_rating_nor_a_number_is_refused():
    assert [number for number, _reason in refused("score,date\n,2026-01-02\n")] == [2]


def test_other_surveys_than_csat_are_refused():
    text = "score,survey type,response date\n9,nps,2026-01-02\n5,csat,2026-01-02\n"
    assert [number for number, _reason in refused(text, "delighted", scale="five")] == [2]
    assert [row.score for row in conversations(text, "delighted", scale="five")] == [5]


def test_a_comment_is_never_cut():
    long = "x" * 5001
    assert refused(f"ticket,score,comment,date\n1,5,{long},2026-01-02\n")


def test_a_conversation_of_an_unknown_channel_is_one_of_its_tools_own(settings):
    text = "ticket,score,channel,date\n1,5,carrier pigeon,2026-01-02\n2,5,Channel::WebWidget,2026-01-02\n"
    assert [row.channel for row in conversations(text, "chatwoot")] == ["web", "web"]
    assert [row.channel for row in conversations(text)] == ["email", "web"]


def test_batches_hold_500_rows_and_begin_behind_the_last_one_done():
    source = upload("ticket,score,date\n" + "".join(f"{n},5,2026-01-02\n" for n in range(1250)))
    assert [(batch.last, len(batch.conversations)) for batch in reading.batches(source)] == [
        (501, 500),
        (1001, 500),
        (1251, 250),
    ]
    assert [batch.last for batch in reading.batches(source, after=1001)] == [1251]
    assert list(reading.batches(source, after=1251)) == []
