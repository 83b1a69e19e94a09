"""A year of conversations for trying out size: on PostgreSQL made by the database itself, table by table,
from one table of dice.

The same shapes as `history.py`, without its details: no second hop, no replaced rating.
"""

import contextlib
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from csat.management.demo.cast import Cast
from csat.management.demo.columns import indexes_afterwards, insert
from csat.management.demo.dice import DAYS, NUMBERED, PLAN, array, words
from csat.people.models import Contact
from csat.scale import LOW_MAX, SATISFIED_MIN
from csat.sessions.models import Handoff, HandoffReason, Participation, Session, Tag
from csat.surveys.models import Answer, Delivery, FollowUp, Score, Survey
from csat.timeline.models import Event

Writer = Callable[[CursorWrapper], None]
BATCH = 25_000
TAGS = ["refund", "billing", "login", "delivery", "bug", "how-to", "cancellation", "invoice", "app"]
REASONS = [
    "based_on_instructions", "instructions_not_clear", "insufficient_knowledge", "insufficient_tools",
    "prohibited_topic",
    "user_requested_human_assistance",
]  # fmt: skip
FILLED = (
    Contact,
    Session,
    Participation,
    Tag,
    Handoff,
    HandoffReason,
    Survey,
    Delivery,
    Answer,
    Score,
    FollowUp,
    Event,
)
MEDIA = {
    "web": "card",
    "email": "email",
    "web_voice": "email",
    "whatsapp": "whatsapp",
    "sms": "sms",
    "phone_voice": "sms",
    "slack": "slack",
}
GREETING, REPLY = "Hello, I have a question about my order.", "Thank you, I have sorted it out."
FIRST = ["Ana", "Ben", "Chloe", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ines", "Jan"]
LAST = ["Novak", "Silva", "Meyer", "Rossi", "Kaya", "Lee"]
ANSWERED, REACHED, ASKED = (
    "outcome = 'answered'",
    "outcome IN ('answered', 'sent')",
    "outcome IN ('answered', 'sent', 'failed')",
)
SAID = "CASE WHEN f < 0.3 THEN said ELSE '' END"
CLOSED, RESOLVED = "outcome <> 'open'", "outcome IN ('answered', 'sent', 'failed', 'skipped')"


def fill(
    count: int,
    cast: Cast,
    *,
    answered: float | None = None,
    whole: bool = True,
    say: Callable[[str], None] = lambda text: None,
) -> None:
    """Add `count` conversations of the last year. `answered`: the share of them with a rating (a third, as in
    life).

    Not `whole`: only what a report reads, without messages, deliveries and other facts.
    """
    filled = words(count, cast, answered)
    writers: list[Writer] = [_sessions, _surveys, *([_deliveries, _facts] if whole else [])]
    with transaction.atomic(), connection.cursor() as cursor:
        _unwatched(cursor)
        with indexes_afterwards(cursor, FILLED) if count > BATCH else contextlib.nullcontext():
            _customers(cursor, filled)
            for first in range(0, count, BATCH):
                end = min(first + BATCH, count)
                cursor.execute(PLAN.format(**filled), {"first": first, "last": end - 1})
                for write in writers:
                    write(cursor)
                cursor.execute("DROP TABLE plan")
                say(f"{end:,} of {count:,}")
    _finish()


def _unwatched(cursor: CursorWrapper) -> None:
    """Foreign keys need no check here: every id is our own. Only a superuser may say so; others wait a little
    longer.
    """
    cursor.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
    if (cursor.fetchone() or [False])[0]:
        cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute("SET LOCAL synchronous_commit = off")


def _sessions(cursor: CursorWrapper) -> None:
    insert(
        cursor, Session, id="id", contact="contact", channel="channel", language="language", team="team",
        created_at="began",
        updated_at="over", last_activity_at="over", customer_messages="1 + (g * 4)::int",
        last_customer_message_at="began",
        status=f"CASE WHEN {RESOLVED} THEN 'closed_resolved' WHEN outcome = 'open' THEN 'open' ELSE 'closed_unresolved' END",
        sentiment="CASE WHEN h < 0.15 THEN 'negative' WHEN h < 0.5 THEN 'neutral' ELSE 'positive' END",
        ai_closure_type="CASE WHEN handed_off THEN 'handed_off' WHEN NOT human THEN 'resolved' END",
        assignee="CASE WHEN human THEN agent END", last_human="CASE WHEN human THEN agent END",
        resolver=f"CASE WHEN {RESOLVED} THEN agent END", most_replies=f"CASE WHEN {RESOLVED} THEN agent END",
        resolved_at=f"CASE WHEN {RESOLVED} THEN over END", closed_at=f"CASE WHEN {CLOSED} THEN over END",
        handed_off_at="CASE WHEN handed_off THEN began END",
    )  # fmt: skip
    insert(
        cursor, Tag, session="id", name=f"({array(TAGS)})[1 + floor(f * {len(TAGS)})::int]", where="g < 0.7"
    )
    insert(
        cursor,
        Handoff,
        id="handoff",
        session="id",
        created_at="began",
        updated_at="began",
        where="handed_off",
    )
    reason = f"({array(REASONS)})[1 + floor(g * {len(REASONS)})::int]"
    insert(cursor, HandoffReason, handoff="handoff", session="id", reason=reason, where="handed_off")


def _surveys(cursor: CursorWrapper) -> None:
    insert(
        cursor, Survey, id="survey", uuid="survey_uuid", session="id", contact="contact", channel="channel",
        language="language",
        created_at="over", updated_at=f"CASE WHEN {ANSWERED} THEN answered ELSE asked END",
        scheduled_for="over",
        state="CASE outcome WHEN 'sent' THEN CASE WHEN asked < now() - interval '30 days' THEN 'expired' ELSE 'sent' END ELSE outcome END",
        skipped_by="CASE WHEN outcome = 'skipped' THEN 'contact_cap' ELSE '' END",
        announced_request=f"CASE WHEN {ASKED} THEN 1 ELSE 0 END",
        requested_at=f"CASE WHEN {ASKED} THEN asked END",
        counted_at=f"CASE WHEN {ASKED} THEN asked END",
        delivered_at=f"CASE WHEN {REACHED} THEN asked END",
        delivered_via=f"CASE WHEN {REACHED} THEN channel ELSE '' END",
        answered_at=f"CASE WHEN {ANSWERED} THEN answered END",
        expires_at=f"CASE WHEN {ASKED} THEN asked + interval '30 days' END",
        where=RESOLVED,
    )  # fmt: skip
    rating = {
        "score": "score", "comment": SAID, "created_at": "answered", "updated_at": "answered",
        "about": f"CASE WHEN score < {SATISFIED_MIN} AND f < 0.5"
        " THEN (ARRAY['help', 'product', 'policy', 'unsolved'])[1 + (f * 7)::int] END",
        "source": "CASE channel WHEN 'web' THEN 'card' WHEN 'slack' THEN 'slack' WHEN 'api' THEN 'api' ELSE 'page' END",
    }  # fmt: skip
    insert(cursor, Answer, id="answer", survey="survey", revision="1", where=ANSWERED, **rating)
    ids = {
        "session": "id",
        "survey": "survey",
        "answer": "answer",
        "contact": "contact",
        "agent": "agent",
        "channel": "channel",
    }
    insert(cursor, Score, submitted_at="answered", where=ANSWERED, **ids, **rating)
    done = "CASE WHEN f < 0.8 OR answered < now() - interval '14 days' THEN answered + interval '1 day' END"
    insert(
        cursor,
        FollowUp,
        session="id",
        created_at="answered",
        updated_at="answered",
        done_at=done,
        where=f"{ANSWERED} AND score <= {LOW_MAX}",
    )


def _deliveries(cursor: CursorWrapper) -> None:
    medium = " ".join(f"WHEN '{channel}' THEN '{medium}'" for channel, medium in MEDIA.items())
    insert(
        cursor, Delivery, survey="survey", channel="channel",
        medium=f"CASE channel {medium} ELSE 'none' END", transport="'sandbox'",
        address="''", state="CASE WHEN outcome = 'failed' THEN 'failed' ELSE 'sent' END", attempt="1",
        next_try="asked", created_at="asked",
        updated_at="asked", sent_at="asked", cleared_at="asked",
        shown_at="CASE WHEN channel = 'web' AND outcome <> 'failed' THEN asked END",
        failed_at="CASE WHEN outcome = 'failed' THEN asked END", where=ASKED,
    )  # fmt: skip


def _facts(cursor: CursorWrapper) -> None:
    insert(cursor, Participation, session="id", agent="agent", messages="1 + (g * 3)::int", last_at="over")
    customer, server = (
        {"actor_kind": "'contact'"},
        {"actor_kind": "CASE WHEN human THEN 'agent' ELSE 'ai' END", "actor_name": "agent_name"},
    )
    agent = "'agent_id', agent_uuid, 'agent_name', agent_name"
    survey = "'survey_id', survey_uuid, 'channel', channel"
    said = f"{survey}, 'score', score, 'comment', {SAID}, 'revision', 1"
    facts: list[tuple[str, str, dict[str, str], str, str]] = [
        ("session.created", "began", customer, "'channel', channel", "true"),
        (
            "message.received",
            "began + interval '5 seconds'",
            customer,
            f"'sender', 'contact', 'text', '{GREETING}'",
            "true",
        ),
        (
            "message.sent",
            "began + (over - began) / 2",
            server,
            f"'sender', 'agent', 'text', '{REPLY}', {agent}",
            "true",
        ),
        ("session.resolved", "over", server, f"'status', 'closed_resolved', 'ask', true, {agent}", RESOLVED),
        ("session.closed", "over", server, "'status', 'closed_unresolved'", f"{CLOSED} AND NOT ({RESOLVED})"),
        (
            "csat.requested",
            "asked",
            {"actor_kind": "'system'"},
            f"{survey}, 'origin', 'auto', 'delivered_via', channel",
            ASKED,
        ),
        ("csat.submitted", "answered", customer, said, ANSWERED),
    ]
    for kind, at, by, data, where in facts:
        data = f"jsonb_build_object({data})"
        insert(
            cursor,
            Event,
            kind=f"'{kind}'",
            at=at,
            session_id="id",
            contact_id="contact",
            data=data,
            where=where,
            **by,
        )


def _customers(cursor: CursorWrapper, filled: dict[str, Any]) -> None:
    number, since = f"({filled['Contact']} + n)", f"{filled['now']} - interval '{DAYS} days'"
    cursor.execute(
        "CREATE TEMP TABLE plan ON COMMIT DROP AS SELECT n FROM generate_series(1, %s::int) AS n",
        [filled["customers"]],
    )
    insert(
        cursor, Contact, id=number,
        name=f"({array(FIRST)})[1 + n %% 10] || ' ' || ({array(LAST)})[1 + n / 10 %% 6]",
        email=f"'customer.' || {number} || '@mail.example'", phone=f"'+1555' || lpad({number}::text, 9, '0')",
        language=f"({filled['languages']})[1 + n %% {filled['languages_n']}]", created_at=since,
        updated_at=since,
    )  # fmt: skip
    cursor.execute("DROP TABLE plan")


def _finish() -> None:
    """Ids go on after ours, and the planner knows the new sizes."""
    with connection.cursor() as cursor:
        for model in NUMBERED:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"  # noqa: S608 (a table of our own)
            )
        for model in FILLED:
            cursor.execute(f"ANALYZE {model._meta.db_table}")
