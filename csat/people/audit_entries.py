"""Reading the audit log: the entries that a question asks for, who may stand there, and a file of them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from csat.lib import csv_lines, networks
from csat.lib.types import JsonObject
from csat.people import audit_actions
from csat.people.audit_actions import AuditAction
from csat.people.models import Agent, ApiKey
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited, read

SYSTEM = "system"
AT_A_TIME = 2000
CSV_COLUMNS = (
    "id", "at", "user_id", "username", "kind", "what", "what_in_words", "target", "before", "after",
    "address",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """What is asked for; empty: everything. `person` is an actor's id, `kind` an action or a family."""

    person: str = ""
    kind: str = ""
    start: datetime | None = None  # inclusive
    end: datetime | None = None  # exclusive
    address: str = ""
    text: str = ""


def find(question: Question) -> QuerySet[Event]:
    """The entries that answer the question, in no order."""
    entries = Event.objects.filter(kind=Kind.AUDIT).order_by()
    if question.start:
        entries = entries.filter(at__gte=question.start)
    if question.end:
        entries = entries.filter(at__lt=question.end)
    if question.person:
        entries = entries.filter(_by(question.person))
    if question.kind:
        entries = entries.filter(data__what__in=audit_actions.stored_as(_actions(question.kind)))
    if question.address:
        entries = entries.filter(data__client_address=_canonical(question.address))
    return _with_text(entries, question.text) if question.text else entries


def people() -> list[tuple[str, str]]:
    """Whoever may stand in the log, by the id that `Question.person` takes: people, keys, the system."""
    users = User.objects.order_by("username").values_list("pk", "username")
    keys = ApiKey.objects.order_by("name", "-id").values_list("prefix", "name")
    return [
        *((f"user:{pk}", username) for pk, username in users),
        *((prefix, f"{name} ({prefix}…)") for prefix, name in keys),
        (SYSTEM, str(ActorKind.SYSTEM.label)),
    ]


def user_id_of(entry: Event) -> int | None:
    """The account of who did it, if it was a person."""
    _user, found, pk = entry.actor_id.partition("user:")
    return int(pk) if found and pk.isdecimal() else None


def csv(entries: QuerySet[Event]) -> Iterator[str]:
    """RFC 4180 lines, the newest first; memory does not grow with the rows."""
    newest_first = entries.order_by("-at", "-pk").iterator(chunk_size=AT_A_TIME)
    yield from csv_lines.lines(_csv_rows(newest_first))


def _csv_rows(entries: Iterator[Event]) -> Iterator[tuple[object, ...]]:
    yield CSV_COLUMNS
    for entry in entries:
        change = read(entry, Audited)
        what = change.get("what", "")
        yield (
            entry.uuid,
            csv_lines.moment(entry.at, UTC),
            user_id_of(entry),
            entry.actor_name,
            entry.actor_kind,
            what,
            audit_actions.label(what),
            change.get("target", ""),
            _json(change.get("before", {})),
            _json(change.get("after", {})),
            change.get("client_address", ""),
        )


def _json(values: JsonObject) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True) if values else ""


def _by(person: str) -> Q:
    if person == SYSTEM:
        return Q(actor_kind=ActorKind.SYSTEM)
    ids = [person]
    if person.startswith("user:"):  # before accounts were named, their agent was
        pk = person.removeprefix("user:")
        users = User.objects.filter(pk=pk) if pk.isdecimal() else User.objects.none()
        ids += map(str, Agent.objects.filter(user__in=users).values_list("uuid", flat=True))
    return Q(actor_id__in=ids)


def _actions(kind: str) -> list[AuditAction]:
    return [action for action in AuditAction if kind in (action.value, action.family)]


def _canonical(address: str) -> str:
    try:
        return networks.parse(address)
    except ValueError:
        return address


def _with_text(entries: QuerySet[Event], text: str) -> QuerySet[Event]:
    """JSON is kept with or without escapes, by the database."""
    words = text.casefold()
    labelled = [action for action in AuditAction if words in str(action.label).casefold()]
    escaped = json.dumps(text)[1:-1]
    return entries.annotate(words=Cast("data", TextField())).filter(
        Q(actor_name__icontains=text)
        | Q(words__icontains=text)
        | Q(words__icontains=escaped)
        | Q(data__what__in=audit_actions.stored_as(labelled))
    )
