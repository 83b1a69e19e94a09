"""A mapping as people write it (JSON), checked and taken apart; each mistake is named by its row and field.

Section 10 of connectors.md says what may stand in it.
"""

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from csat.connectors.changes import ChangeType
from csat.connectors.mapping import call_templates, json_paths, transforms
from csat.connectors.mapping.auth_rules import AuthRule
from csat.connectors.mapping.call_templates import Call
from csat.connectors.mapping.json_paths import Path
from csat.lib.refusal import Invalid, Problems
from csat.lib.types import JsonObject

MOST_ROWS = 60
TIMES = {"occurred_at", "created_at", "message.at"}
LISTS = {"tags"}
PEOPLE = {f"{who}.{what}" for who in ("assignee", "actor") for what in ("id", "name", "email", "kind")}
TARGETS = {
    "external_id", "status", "channel", "inbox", "inbox_name", "subject", "team", "language", "url",
    "closed_by", "their_survey",
    "contact.email", "contact.phone", "contact.name", "contact.external_id", "contact.language",
    "message.id", "message.sender", "message.text", "message.private", *PEOPLE, *TIMES, *LISTS,
}  # fmt: skip
EVENTS = {
    "created": ChangeType.CREATED,
    "message": ChangeType.MESSAGE,
    "assigned": ChangeType.ASSIGNED,
    "status": ChangeType.STATUS,
    "merged": ChangeType.MERGED,
    "deleted": ChangeType.DELETED,
    "resolved": ChangeType.STATUS,
    "closed": ChangeType.STATUS,
    "reopened": ChangeType.STATUS,
}
IGNORED = "ignored"  # an event that is known and means nothing to us
DEFAULT_AUTH = AuthRule()
STATUSES = {"resolved": "closed_resolved", "closed": "closed_resolved", "reopened": "open"}


@dataclass(frozen=True)
class Row:
    """Where one field of a Change comes from: the first value found, or all of them where it is a list."""

    to: str
    paths: tuple[Path, ...]
    transform: str = ""
    argument: str = ""
    table: Table[str, str] | None = None  # their word to ours; "*" for all others
    default: str = ""
    required: bool = False


@dataclass(frozen=True)
class EventRule:
    """Where their name of the event stands and what it means; `statuses`: what an event alone tells of it."""

    path: Path | None = None
    values: Table[str, str] = field(default_factory=dict)
    statuses: Table[str, str] = field(default_factory=lambda: STATUSES)


@dataclass(frozen=True)
class Mapping:
    rows: tuple[Row, ...]
    event: EventRule = EventRule()
    dedupe: tuple[Path, ...] = ()
    url: str = ""  # a template with {base_url} and {external_id}
    auth: AuthRule = DEFAULT_AUTH
    write_back: Call | None = None
    withdraw: Call | None = None  # how our note is blanked


def parse(given: object, base_url: str = "") -> Mapping:
    """Raises Invalid; its `fields` name what is wrong, as in `rows.3.path`."""
    problems = Problems()
    source = _object(given, "mapping", problems)
    mapping = Mapping(
        rows=_rows(source.get("rows"), problems),
        event=_event(source.get("event"), problems),
        dedupe=_paths(source.get("dedupe"), "dedupe", problems),
        url=_url(source.get("url"), problems),
        auth=_auth(source.get("auth"), problems),
        write_back=_call(source, "write_back", base_url, problems),
        withdraw=_call(source, "withdraw", base_url, problems),
    )
    problems.check()
    return mapping


def _rows(given: object, problems: Problems) -> tuple[Row, ...]:
    if not isinstance(given, list) or not given or len(given) > MOST_ROWS:
        problems.add("rows", _("Give between 1 and %s rows.") % MOST_ROWS)
        return ()
    rows = [_row(row, f"rows.{number}", problems) for number, row in enumerate(given)]
    names = [row.to for row in rows]
    if "external_id" not in names:
        problems.add("rows", _("One row must fill external_id: it says which conversation it is."))
    for number, name in enumerate(names):
        if name and name in names[:number]:
            problems.add(f"rows.{number}.to", _("An earlier row fills %s already.") % name)
    return tuple(rows)


def _row(given: object, place: str, problems: Problems) -> Row:
    row = _object(given, place, problems)
    _refuse_unknown(row, {"to", "path", "paths", "map", "transform", "default", "required"}, place, problems)
    to = row.get("to")
    if not isinstance(to, str) or to not in TARGETS:
        problems.add(f"{place}.to", _("There is no such field. There are: %s.") % ", ".join(sorted(TARGETS)))
        to = ""
    if not isinstance(row.get("required", False), bool):
        problems.add(f"{place}.required", _("This is true or false."))
    transform, argument = _transform(row.get("transform", ""), to, place, problems)
    return Row(
        to=to,
        paths=_row_paths(row, place, problems),
        transform=transform,
        argument=argument,
        table=_texts(row["map"], f"{place}.map", problems) if "map" in row else None,
        default=_text(row.get("default", ""), f"{place}.default", problems),
        required=row.get("required") is True,
    )


def _row_paths(row: JsonObject, place: str, problems: Problems) -> tuple[Path, ...]:
    if ("path" in row and "paths" in row) or not row.keys() & {"path", "paths", "default"}:
        problems.add(f"{place}.path", _("Give either path or paths."))
        return ()
    if "path" in row:
        return _paths([row["path"]], f"{place}.path", problems)
    return _paths(row.get("paths"), f"{place}.paths", problems)


def _transform(given: object, to: str, place: str, problems: Problems) -> tuple[str, str]:
    name = argument = ""
    with problems.of(f"{place}.transform"):
        if spoken := _checked_text(given):
            name, argument = transforms.parse(spoken)
        if name in transforms.TO_TIME and to not in TIMES:
            raise Invalid(_("This makes a time, and %s is none.") % to)
        if name and to in TIMES and name not in transforms.TO_TIME:
            raise Invalid(_("%s is a time: iso8601, epoch_s or epoch_ms.") % to)
        if name in transforms.TO_LIST and to not in LISTS:
            raise Invalid(_("This makes a list, and %s is none.") % to)
    return name, argument


def _event(given: object, problems: Problems) -> EventRule:
    if given is None:
        return EventRule()
    event = _object(given, "event", problems)
    _refuse_unknown(event, {"path", "values", "statuses"}, "event", problems)
    values = _texts(event.get("values", {}), "event.values", problems)
    for theirs, ours in values.items():
        if ours not in {*EVENTS, IGNORED}:
            words = {"name": theirs, "all": ", ".join([*EVENTS, IGNORED])}
            problems.add("event.values", _("%(name)s must mean one of: %(all)s.") % words)
    statuses = _texts(event.get("statuses", STATUSES), "event.statuses", problems)
    paths = _paths([event["path"]], "event.path", problems) if "path" in event else ()
    return EventRule(path=paths[0] if paths else None, values=values, statuses=statuses)


def _call(source: JsonObject, name: str, base_url: str, problems: Problems) -> Call | None:
    return call_templates.parse(source[name], base_url, name, problems) if source.get(name) else None


def _auth(given: object, problems: Problems) -> AuthRule:
    return AuthRule.parse(given, problems) if given is not None else DEFAULT_AUTH


def _url(given: object, problems: Problems) -> str:
    with problems.of("url"):
        url = _checked_text(given)
        if url and not url.startswith(("{base_url}/", "https://", "http://")):
            raise Invalid(_("Begin with {base_url}/ or with https://"))
        return url
    return ""


def _paths(given: object, place: str, problems: Problems) -> tuple[Path, ...]:
    paths: list[Path] = []
    with problems.of(place):
        for path in given if isinstance(given, list) else [given] if given is not None else []:
            paths.append(json_paths.parse(_checked_text(path)))
    return tuple(paths)


def _object(given: object, place: str, problems: Problems) -> JsonObject:
    if isinstance(given, dict):
        return given
    problems.add(place, _("Give an object of names and values."))
    return {}


def _texts(given: object, place: str, problems: Problems) -> dict[str, str]:
    table = _object(given, place, problems)
    if not all(isinstance(value, str) for value in table.values()):
        problems.add(place, _("Every value must be a text."))
        return {}
    return table


def _text(given: object, place: str, problems: Problems) -> str:
    with problems.of(place):
        return _checked_text(given)
    return ""


def _checked_text(given: object) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise Invalid(_("This must be a text."))
    return given.strip()


def _refuse_unknown(given: Table[str, Any], known: set[str], place: str, problems: Problems) -> None:
    for name in given.keys() - known:
        problems.add(f"{place}.{name}", _("There is no such setting."))
