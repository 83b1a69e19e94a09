"""From a body of any shape to a Change, by the rows of a mapping; see `rows` for how one is written."""

from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils import timezone

from csat.channels.kinds import Channel
from csat.connectors.api import quoted
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, Person, SaidThere
from csat.connectors.mapping import call_templates, json_paths, rows, transforms
from csat.connectors.mapping.rows import EVENTS, IGNORED, LISTS, TIMES, Mapping, Row
from csat.connectors.mapping.transforms import Value
from csat.connectors.payloads import moment
from csat.lib.types import JsonObject

SENDERS = ("contact", "agent", "ai")
TRUE = ("true", "1", "yes")
# rows whose value must be one of these
CHOICES = {
    "closed_by": tuple(ClosedBy),
    "message.sender": SENDERS,
    "assignee.kind": ("human", "ai", "system", "customer"),
    "actor.kind": ("human", "ai", "system", "customer"),
}


@dataclass(frozen=True)
class RowResult:
    """What one row found, for a preview: `found` as it stands there, `value` as it is used."""

    to: str
    found: tuple[Any, ...] = ()
    value: Value | tuple[Value, ...] | None = None
    problem: str = ""


def validate(mapping: object, base_url: str = "") -> None:
    """Raise Invalid, its `fields` naming each row and field that is wrong."""
    rows.parse(mapping, base_url)


def preview(mapping: JsonObject, body: Any, event: str = "") -> tuple[Change | None, list[RowResult]]:
    """What would arrive from this body, and every row's part in it; no Change where a required row found
    nothing. Raises Invalid for a mapping that cannot be used.
    """
    parsed = rows.parse(mapping)
    results = [evaluate(row, body) for row in parsed.rows]
    missing = _missing(parsed, results)
    return (None if missing else _change(parsed, body, results, event, "", "")), results


def read(parsed: Mapping, body: Any, *, event: str = "", base_url: str = "", own_user: str = "") -> Change:
    """The Change of one body; with `not_used` where it tells of no conversation or of an unknown event."""
    results = [evaluate(row, body) for row in parsed.rows]
    if missing := _missing(parsed, results):
        return Change("", timezone.now(), not_used=f"nothing found for {', '.join(missing)}")
    return _change(parsed, body, results, event, base_url, own_user)


def key(parsed: Mapping, body: Any) -> str:
    """Of the paths of `dedupe`: two bodies with the same are one event; "" when one of them is missing."""
    found = [[_plain(value) for value in json_paths.find(body, path)] for path in parsed.dedupe]
    return sha256(repr(found).encode(errors="surrogatepass")).hexdigest() if found and all(found) else ""


def event_of(parsed: Mapping, body: Any) -> str:
    """Their name of the event."""
    found = json_paths.find(body, parsed.event.path)[:1] if parsed.event.path else []
    return _plain(found[0]) if found else ""


def evaluate(row: Row, body: Any) -> RowResult:
    """Never raises, whatever stands in the body."""
    found = [value for path in row.paths for value in json_paths.find(body, path)][: json_paths.MOST]
    texts = [text for value in found if (text := _plain(value))]
    values = _transformed(row, texts) or ([row.default] if row.default else [])
    problem = ""
    if row.to in CHOICES and values and values[0] not in CHOICES[row.to]:
        problem, values = f"must be one of {', '.join(CHOICES[row.to])}, and is {str(values[0])[:40]}", []
    elif texts and not values:
        problem = "what stands there could not be read"
    elif row.required and not values:
        problem = "required, and nothing was found"
    value = tuple(dict.fromkeys(values)) if row.to in LISTS else values[0] if values else None
    return RowResult(row.to, tuple(found), value, problem)


def _transformed(row: Row, texts: list[str]) -> list[Value]:
    """Transformed first, then looked up in the table."""
    values: list[Value] = list(texts)
    if row.transform and texts:
        values = transforms.apply(row.transform, row.argument, texts)
    elif row.to in TIMES:
        values = [at for text in texts if (at := moment(text))]
    if row.table is None:
        return values
    return [_looked_up(row.table, value) if isinstance(value, str) else value for value in values]


def _looked_up(table: Table[str, str], word: str) -> str:
    """Exactly, then in any case, then "*"; a word without an entry stays their own, to be seen."""
    if word in table:
        return table[word]
    folded = {theirs.casefold(): ours for theirs, ours in table.items()}
    return folded.get(word.casefold(), table.get("*", word))


def _plain(value: Any) -> str:
    """A text, a number or a yes as text; "" for everything else."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _missing(parsed: Mapping, results: list[RowResult]) -> list[str]:
    needed = {row.to for row in parsed.rows if row.required} | {"external_id"}
    return [result.to for result in results if result.to in needed and not result.value]


def _change(
    parsed: Mapping, body: Any, results: list[RowResult], event: str, base_url: str, own_user: str
) -> Change:
    values = {result.to: result.value for result in results if result.value}
    word, not_used = _meaning(parsed, event or event_of(parsed, body))
    fields = _Fields(values)
    at = fields.time("occurred_at") or timezone.now()
    external_id = fields.text("external_id")
    actor = fields.person("actor")
    return Change(
        external_id=external_id,
        at=at,
        type=EVENTS.get(word, ChangeType.STATUS),
        status=parsed.event.statuses.get(word, "") or fields.text("status"),
        channel=_channel(fields.text("channel")),
        source_channel=_source_channel(results),
        inbox=fields.text("inbox"),
        inbox_name=fields.text("inbox_name"),
        subject=fields.text("subject"),
        customer=fields.customer(),
        assignee=fields.person("assignee"),
        team=fields.text("team"),
        tags=_tags(results),
        language=fields.text("language"),
        messages=fields.messages(at),
        actor=actor,
        closed_by=ClosedBy(fields.text("closed_by")) if "closed_by" in values else None,
        created_at=fields.time("created_at"),
        url=_url(parsed, fields, base_url, external_id),
        their_survey=fields.text("their_survey").lower() in TRUE,
        ours=is_own(actor, own_user),
        not_used=not_used,
    )


def _meaning(parsed: Mapping, event: str) -> tuple[str, str]:
    """Our word for their event, and why it is not used. A body that names no event tells a state."""
    if not event:
        return "status", ""
    word = _looked_up(parsed.event.values, event)
    if word == IGNORED:
        return "status", f"event {event[:60]}"
    return (word, "") if word in EVENTS else ("status", f"unknown event {event[:60]}")


def is_own(actor: Person | None, own_user: str) -> bool:
    """Whether the user whose token we have did it."""
    if actor is None or not own_user:
        return False
    return own_user.casefold() in (actor.id.casefold(), actor.email.casefold())


def _channel(word: str) -> str:
    """None of ours becomes `api`; their word for it is kept beside it."""
    return word if not word or word in Channel.values else Channel.API.value


def _source_channel(results: list[RowResult]) -> str:
    found = next((result.found for result in results if result.to == "channel"), ())
    return next((text for value in found if (text := _plain(value))), "")


def _tags(results: list[RowResult]) -> tuple[str, ...] | None:
    """None where the body says nothing of them; no tags at all is an answer too."""
    result = next((result for result in results if result.to == "tags"), None)
    if result is None or not (result.found or result.value):
        return None
    return tuple(str(tag) for tag in result.value) if isinstance(result.value, tuple) else ()


def _url(parsed: Mapping, fields: "_Fields", base_url: str, external_id: str) -> str:
    """Of a row, or by the template; only a web address is one."""
    given = fields.text("url")
    if not given and parsed.url and (base_url or "{base_url}" not in parsed.url):
        shown = {"base_url": base_url, "external_id": quoted(external_id)}
        given = call_templates.fill(parsed.url, shown)
    return given if given.startswith(("https://", "http://")) else ""


class _Fields:
    """The values of the rows, by kind; empty where a row found nothing."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""

    def time(self, name: str) -> datetime | None:
        value = self.values.get(name)
        return value if isinstance(value, datetime) else None

    def customer(self) -> Customer | None:
        told = {name: self.text(f"contact.{name}") for name in Customer.__annotations__}
        return Customer(**told) if any(told.values()) else None

    def person(self, who: str) -> Person | None:
        told = {name: self.text(f"{who}.{name}") for name in ("id", "name", "email")}
        return Person(**told, kind=self.text(f"{who}.kind") or "human") if any(told.values()) else None

    def messages(self, at: datetime) -> tuple[SaidThere, ...]:
        """At most one; none of a private note, and none whose sender is not known. Without an id of theirs it
        is known by what it says.
        """
        sender, text = self.text("message.sender"), self.text("message.text")
        if sender not in SENDERS or not text or self.text("message.private").lower() in TRUE:
            return ()
        said_at = self.time("message.at")
        told = f"{sender} {said_at} {text}".encode(errors="surrogatepass")
        author = self.person("actor") if sender == "agent" else None
        number = self.text("message.id") or sha256(told).hexdigest()[:32]
        return (SaidThere(number, sender, text, said_at or at, author),)
