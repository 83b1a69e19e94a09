"""What is kept of a contact in conversations; who served them, when and why stays."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from csat import signals
from csat.lib.rows import fields_of
from csat.lib.types import JsonObject
from csat.people import suppression
from csat.people.models import Contact
from csat.sessions.models import Handoff, Session, Tag
from csat.timeline import redaction
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

BLANK: JsonObject = {
    "subject": "",
    "email_message_id": "",
    "slack_channel": "",
    "thread_ts": "",
    "custom_data": {},
}
PERSONAL: dict[type[Model], Collection[str]] = {
    Session: [*BLANK, "external_id", "sentiment"],
    Handoff: ["summary", "sentiment"],
    Tag: ["name"],
}
SESSION = (
    "uuid", "pk", "external_id", "channel", "status", "subject", "sentiment", "language", "custom_data",
    "created_at", "resolved_at",
)  # fmt: skip
BATCH = 1000  # conversations in one round; ids, because a database plans poorly for what a query may find
HANDOFF = ("created_at", "summary", "sentiment")


def lock(contact: Contact, **_: Any) -> None:
    """Before the rows of other rooms, as everywhere: whoever changes a survey locks its session first."""
    rows = Session.objects.select_for_update(no_key=True).filter(contact=contact)
    list(rows.order_by("pk").values_list("pk", flat=True))


def erase(contact: Contact, **_: Any) -> None:
    """Call it inside the erasure's transaction."""
    sessions = Session.objects.filter(contact=contact)
    _drop_own_tags(contact)
    forget(sessions)
    _hide_external_ids(sessions)


@transaction.atomic
def forget(sessions: QuerySet[Session]) -> None:
    """Blank the words of these conversations in every room; the figures stay.

    What an erasure does to all of a person's, and retention to those that are old enough.
    """
    ids = list(sessions.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), BATCH):
        signals.words_expired.send(sender=Session, session_ids=ids[start : start + BATCH])


def blank(session_ids: list[int], **_: Any) -> None:
    """This room's part of `forget`, and the timeline's."""
    now, ids = timezone.now(), session_ids
    sessions = Session.objects.filter(pk__in=ids)
    tags = set(Tag.objects.filter(session__in=ids).order_by().values_list("name", flat=True).distinct())
    redaction.redact(Event.objects.filter(session_id__in=ids), tags=tags)
    Handoff.objects.filter(session__in=ids).update(summary="", updated_at=now)
    in_other_words = ~Q(sentiment__in=["", *redaction.SENTIMENTS])
    Handoff.objects.filter(in_other_words, session__in=ids).update(sentiment="")
    sessions.filter(in_other_words).update(sentiment="")
    sessions.update(**BLANK, updated_at=now)


def export(contact: Contact, **_: Any) -> JsonObject:
    sessions = contact.sessions.order_by("pk").prefetch_related("tags", "handoffs")
    events = Event.objects.filter(contact_id=contact.pk).exclude(kind=Kind.AUDIT).order_by("at", "id")
    return {
        "conversations": [
            fields_of(session, SESSION)
            | {
                "tags": [tag.name for tag in session.tags.all()],
                "handoffs": [fields_of(handoff, HANDOFF) for handoff in session.handoffs.all()],
            }
            for session in sessions
        ],
        "timeline": [
            {"at": event.at, "kind": event.kind, "conversation": event.session_id, "data": event.data}
            for event in events
        ],
    }


def hidden_ids(external_id: str) -> list[str]:
    """What an external id may have become by an erasure, so that it is recognised when it comes again."""
    return [f"erased:{digest}" for digest in suppression.digests("external_id", external_id)]


def _drop_own_tags(contact: Contact) -> None:
    """A tag on nobody else's conversation may be about the person: it goes. A category stays, and is counted
    on.
    """
    elsewhere = Tag.objects.filter(name=OuterRef("name")).exclude(session__contact=contact)
    own = Tag.objects.filter(~Exists(elsewhere), session__contact=contact).order_by()
    found = list(own.values_list("pk", "session"))
    if not found:
        return
    Tag.objects.filter(pk__in=[pk for pk, _session in found]).delete()
    changed = sorted({session for _pk, session in found})
    signals.surveys_changed.send(sender=Session, session_ids=changed)  # reports count by tags


def _hide_external_ids(sessions: QuerySet[Session]) -> None:
    """Only its keyed hash stays, so that the helpdesk's next import does not bring the person back."""
    named = sessions.exclude(external_id=None).exclude(external_id__startswith="erased:")
    _write_ids(
        (hidden_ids(str(external_id))[0], pk) for pk, external_id in named.values_list("pk", "external_id")
    )


def _write_ids(rows: Iterable[tuple[str, int]]) -> None:
    values = list(rows)
    if values:
        table = Session._meta.db_table
        with connection.cursor() as cursor:
            cursor.executemany(f"UPDATE {table} SET external_id = %s WHERE id = %s", values)  # noqa: S608
