"""Many conversations at once, as the API's bulk call tells them. One bad item does not sink the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from csat.lib import locks
from csat.lib.queue import gathered
from csat.lib.refusal import Invalid, Refused
from csat.people import agents, contacts
from csat.people.details import Details
from csat.people.models import Agent, Contact, Team
from csat.sessions import conversing, resolving
from csat.sessions.creating import create
from csat.sessions.drafts import Draft
from csat.sessions.models import Session, lock_all
from csat.sessions.words import wrong
from csat.timeline.recording import Actor

MOST = 1000
BATCH = 200
CHANNEL = ("slack_channel", "thread_ts", "email_message_id", "subject")
PLAIN = ("external_id", "language", "sentiment", "tags", "custom_data", "bridged_to_web", "status", "ai_closure_type", "skip_csat")

Result = dict[str, Any]


@dataclass
class Item:
    """One item on its way: what was told, and its session or what is wrong."""

    told: dict[str, Any]
    draft: Draft | None = None
    details: Details | None = None
    session: Session | None = None
    error: str = ""

    @property
    def result(self) -> Result:
        if self.session is None:
            return {"error": self.error}
        return {"id": str(self.session.uuid), "external_id": self.session.external_id}


def start_many(items: list[dict[str, Any]], *, by: Actor) -> list[Result]:
    """Take in up to 1000 items in the shape of the contract's bulk call; for each, in order, {id, external_id} or {error}.

    One whose external id is known, with a status, goes through resolve, close or reopen. Whatever ended over a day ago is
    history: no survey, no webhook, no workflow. Raises Invalid only when there are too many.
    """
    if len(items) > MOST:
        raise wrong("items", _("Send at most %(count)d items at once.") % {"count": MOST})
    todo = [Item(told) for told in items]
    with gathered():
        for number, batch in enumerate(_batches(todo)):
            if number:
                locks.give_way()
            _take_in(batch, by)
    return [item.result for item in todo]


def _batches(todo: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(todo), BATCH):
        yield todo[start : start + BATCH]


def _take_in(batch: list[Item], by: Actor) -> None:
    """All in one transaction; should the database or a rule refuse, each in its own."""
    try:
        with transaction.atomic():
            _store(batch, by)
    except (DatabaseError, Refused) as no:
        if len(batch) > 1:
            for item in batch:
                item.draft = item.session = item.details = None
                item.error = ""
                _take_in([item], by)
        else:
            batch[0].session = None
            batch[0].error = no.words if isinstance(no, Refused) else _("This could not be stored. Try again.")


def _store(batch: list[Item], by: Actor) -> None:
    people, teams = _Agents(), _Teams()
    for item in batch:
        _read(item, people, teams)
    known = _known(batch)
    _with_named_contacts([item for item in batch if item.draft and item.draft.external_id not in known])
    fresh = _fresh([item for item in batch if item.draft], known)
    _with_told_contacts(fresh)
    for item, session in zip(fresh, create([item.draft for item in fresh if item.draft], by=by), strict=True):
        item.session = session
        known[session.external_id or ""] = session
    again = [item for item in batch if item.session is None and item.draft]
    for item in again:
        item.session = known[_of(item).external_id]
    while again:
        again = _go_on(again, by)


def _read(item: Item, people: "_Agents", teams: "_Teams") -> None:
    try:
        told = item.told
        if not isinstance(told, dict):
            raise Invalid(_("Give an object."))
        channel = _object(told, "channel")
        if not told.get("contact_id"):
            item.details = _details(_object(told, "contact"))
        item.draft = Draft.of(
            None,
            channel=channel.get("type"),
            **{name: channel.get(name) for name in CHANNEL},
            **{name: told.get(name) for name in PLAIN},
            created_at=_time(told, "created_at"),
            resolved_at=_time(told, "resolved_at"),
            assignee=people.get(_object(told, "assignee")),
            team=teams.get(told.get("team")),
        )
    except Refused as refused:
        item.draft, item.error = None, refused.words


def _details(told: dict[str, Any]) -> Details:
    phone = told.get("phone") or told.get("phone_number")
    names = ("email", "name", "custom_data", "language", "timezone", "external_id")
    return Details.of(phone=phone, **{name: told.get(name) for name in names})


def _object(told: dict[str, Any], name: str) -> dict[str, Any]:
    value = told.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(name, _("%(name)s: give an object.") % {"name": name})
    return value


def _time(told: dict[str, Any], name: str) -> Any:
    """A time without a zone is in UTC, a date is its first moment: as for a session that comes alone."""
    value = told.get(name)
    if not isinstance(value, str):
        return value
    try:
        at = parse_datetime(value) or value
    except ValueError:
        return value  # refused by the draft
    return at.replace(tzinfo=UTC) if isinstance(at, datetime) and at.tzinfo is None else at


def _with_named_contacts(items: list[Item]) -> None:
    """Those that name their contact by id get it; an unknown or erased one is an error."""
    named = [item for item in items if item.details is None]
    ids = [_uuid(item) for item in named]
    found = {contact.uuid: contact for contact in Contact.objects.alive().filter(uuid__in=ids)} if ids else {}
    for item, uuid in zip(named, ids, strict=True):
        _of(item).contact = found.get(uuid)
        if uuid not in found:
            item.draft, item.error = None, _("There is no such contact.")


def _with_told_contacts(items: list[Item]) -> None:
    """Those that describe their contact get the one found or made."""
    told = [item for item in items if item.details is not None]
    found = contacts.find_or_create_many([item.details for item in told if item.details])
    for item, (contact, _created) in zip(told, found, strict=True):
        _of(item).contact = contact


def _uuid(item: Item) -> UUID:
    try:
        return UUID(str(item.told.get("contact_id")))
    except ValueError:
        return UUID(int=0)


def _of(item: Item) -> Draft:
    assert item.draft
    return item.draft


def _known(batch: list[Item]) -> dict[str, Session]:
    ids = {item.draft.external_id for item in batch if item.draft} - {""}
    return {str(session.external_id): session for session in Session.objects.filter(external_id__in=ids)} if ids else {}


def _fresh(items: list[Item], known: dict[str, Session]) -> list[Item]:
    """Those nobody told of before; of two with the same external id, the first."""
    seen, fresh = set(known), []
    for item in items:
        external_id = _of(item).external_id
        if not external_id or external_id not in seen:
            fresh.append(item)
            seen.add(external_id)
    return fresh


def _go_on(items: list[Item], by: Actor) -> list[Item]:
    """What is told of conversations known already, the first word of each together; what was told of one of them later is left."""
    first: dict[Session, Item] = {}
    for item in items:
        first.setdefault(_session(item), item)
    lock_all(first)
    for session, item in first.items():
        closure = _of(item).ai_closure_type
        if closure and closure != session.ai_closure_type:
            conversing.change(session, by=by, ai_closure_type=closure)
    moved = {session: _of(item) for session, item in first.items() if item.told.get("status") and _of(item).status != session.status}
    resolving.resolve_many({one: to.resolved_at for one, to in moved.items() if to.status == Session.Status.RESOLVED}, by=by)
    for session, to in moved.items():
        if to.status != Session.Status.RESOLVED:
            conversing.change(session, by=by, status=to.status)
    return [item for item in items if first[_session(item)] is not item]


def _session(item: Item) -> Session:
    assert item.session
    return item.session


class _Agents:
    """Each agent looked up once, however many items name it."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, ...], Agent] = {}

    def get(self, told: dict[str, Any]) -> Agent | None:
        key = tuple(str(told.get(name) or "") for name in ("name", "email", "kind"))
        if not any(key[:2]):
            return None
        if key not in self.found:
            self.found[key] = agents.find_or_create(name=key[0], email=key[1], kind=key[2] or "human")
        return self.found[key]


class _Teams:
    def __init__(self) -> None:
        self.found: dict[str, Team | None] = {}

    def get(self, name: Any) -> Team | None:
        if name is not None and not isinstance(name, str):
            raise wrong("team", _("Give the team's name."))
        if name and name not in self.found:
            self.found[name] = agents.team(name)
        return self.found.get(name or "")
