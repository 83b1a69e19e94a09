"""Importing many conversations at once, for the API's bulk call. A bad item does not stop the others."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import structlog
from django.db import Error, transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from csat.jobs import deduplicated
from csat.lib import advisory_lock
from csat.lib.json_limits import MAX_DEPTH, refuse_depth
from csat.lib.refusal import Invalid, Refused
from csat.lib.text import as_uuid
from csat.lib.types import JsonObject
from csat.people import agents, brands, contacts
from csat.people.details import Details
from csat.people.models import Agent, Contact, Team
from csat.sessions import activity, resolving
from csat.sessions.cleaning import invalid
from csat.sessions.creation import create, find_many
from csat.sessions.drafts import Draft
from csat.sessions.models import Session, lock_all
from csat.timeline.recording import Actor

log = structlog.get_logger(__name__)
MAX_ITEMS = 1000
BATCH = 200
CONTACT_FIELDS = ("email", "name", "custom_data", "language", "timezone", "external_id")
CHANNEL_FIELDS = ("slack_channel", "thread_ts", "email_message_id", "subject")
PLAIN_FIELDS = (
    "external_id",
    "language",
    "sentiment",
    "tags",
    "custom_data",
    "bridged_to_web",
    "status",
    "ai_closure_type",
    "skip_csat",
)


class NotStored(Refused):
    """The database failed: nothing was stored, and the same call may be made again."""

    status = 503

    def __init__(self) -> None:
        super().__init__(_("Nothing could be stored just now. Make the same call again in a minute."))


@dataclass
class Item:
    """One item of the call, and its session or its error."""

    payload: JsonObject
    draft: Draft | None = None
    details: Details | None = None
    session: Session | None = None
    error: str = ""
    fault: Error | None = None  # of the database: nothing is wrong with the item

    @property
    def result(self) -> JsonObject:
        if self.session is None:
            return {"error": self.error}
        named = self.draft.external_id if self.draft else ""
        return {"id": str(self.session.uuid), "external_id": named or self.session.external_id}


def import_many(payloads: list[JsonObject], *, by: Actor, whole: bool = False) -> list[JsonObject]:
    """Import up to 1000 items of the API's bulk call; returns {id, external_id} or {error} for each.

    A known external id with a status goes through resolve, close or reopen. What ended over a day ago is
    history: no survey, no webhook, no workflow. Raises Invalid only when there are too many, and NotStored
    when the database failed and nothing was stored; with `whole` when it failed for any item, so that the
    caller can undo the rest.
    """
    if len(payloads) > MAX_ITEMS:
        raise invalid("items", _("Send at most %(count)d items at once.") % {"count": MAX_ITEMS})
    items = [Item(payload) for payload in payloads]
    with deduplicated():
        for start in range(0, len(items), BATCH):
            if start:
                advisory_lock.yield_to_others()
            _import_batch(items[start : start + BATCH], by)
    if faults := [item.fault for item in items if item.fault]:
        log.error("items of a bulk call were not stored", count=len(faults), exc_info=faults[0])
        if whole or not any(item.session for item in items):
            raise NotStored from faults[0]
    return [item.result for item in items]


def _import_batch(batch: list[Item], by: Actor) -> None:
    """All in one transaction; each in its own when the database or a rule refuses."""
    try:
        with transaction.atomic():
            _store(batch, by)
    except (Error, Refused) as error:
        for item in batch:
            item.draft = item.session = item.details = None
            item.error = ""
            if len(batch) > 1:
                _import_batch([item], by)
            elif isinstance(error, Refused):
                item.error = error.words
            else:
                item.error, item.fault = _("This could not be stored. Try again."), error


def _store(batch: list[Item], by: Actor) -> None:
    directory, named_brands = _directory(batch), functools.cache(_named_brand)
    for item in batch:
        _read(item, directory, named_brands)
    ids = {item.draft.external_id for item in batch if item.draft} - {""}
    known = find_many(ids)
    _find_contacts([item for item in batch if item.draft and item.draft.external_id not in known])
    new = [item for item in _new_items([item for item in batch if item.draft], known) if _may_begin(item)]
    _find_or_create_contacts(new)
    for item, session in zip(new, create([item.draft for item in new if item.draft], by=by), strict=True):
        item.session = session
        known[session.external_id or ""] = session
    updates = [item for item in batch if item.session is None and item.draft]
    for item in updates:
        item.session = known[_draft(item).external_id]
    while updates:
        updates = _update_sessions(updates, by)


def _read(item: Item, directory: agents.Directory, named_brands: Callable[[str], JsonObject]) -> None:
    try:
        payload = item.payload
        if not isinstance(payload, dict):
            raise Invalid(_("Give an object."))
        refuse_depth(payload, MAX_DEPTH + 2)
        channel = _object(payload, "channel")
        left_out: list[str] = []
        if not payload.get("contact_id"):
            contact = _object(payload, "contact")
            phone = contact.get("phone") or contact.get("phone_number")
            item.details, left_out = Details.usable(
                phone=phone, **{name: contact.get(name) for name in CONTACT_FIELDS}
            )
        item.draft = Draft.from_input(
            None,
            channel=channel.get("type"),
            **{name: channel.get(name) for name in CHANNEL_FIELDS},
            **{name: payload.get(name) for name in PLAIN_FIELDS},
            created_at=_time(payload, "created_at"),
            resolved_at=_time(payload, "resolved_at"),
            assignee=_assignee(payload, directory),
            team=_team(payload, directory),
            **named_brands(_slug(payload)),
            left_out=left_out,
        )
    except Refused as refused:
        item.draft, item.error = None, refused.words


def _object(payload: JsonObject, name: str) -> JsonObject:
    value = payload.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise invalid(name, _("%(name)s: give an object.") % {"name": name})
    return value


def _slug(payload: JsonObject) -> str:
    slug = payload.get("brand") or ""
    if not isinstance(slug, str):
        raise invalid("brand", _("Give the brand's slug."))
    return slug


def _named_brand(slug: str) -> JsonObject:
    return brands.named(slug, archived=True)


def _may_begin(item: Item) -> bool:
    """Only a new conversation is refused for an archived brand: a known one keeps it."""
    try:
        brands.refuse_archived(_draft(item).brand)
    except Refused as refused:
        item.draft, item.error = None, refused.words
    return item.draft is not None


def _time(payload: JsonObject, name: str) -> object:
    """A time without a zone is in UTC, a date is its first moment, as in the call for one session."""
    value = payload.get(name)
    if not isinstance(value, str):
        return value
    try:
        at = parse_datetime(value) or value
    except ValueError:
        return value  # Draft refuses it
    return at.replace(tzinfo=UTC) if isinstance(at, datetime) and at.tzinfo is None else at


def _find_contacts(items: list[Item]) -> None:
    """Set the contacts that are given by id; an unknown or erased one is the item's error."""
    by_id = [item for item in items if item.details is None]
    ids = [as_uuid(item.payload.get("contact_id")) for item in by_id]
    alive = Contact.objects.alive().filter(uuid__in=filter(None, ids)) if ids else ()
    contacts_by_id: dict[UUID | None, Contact] = {contact.uuid: contact for contact in alive}
    for item, uuid in zip(by_id, ids, strict=True):
        _draft(item).contact = contacts_by_id.get(uuid)
        if uuid not in contacts_by_id:
            item.draft, item.error = None, _("There is no such contact.")


def _find_or_create_contacts(items: list[Item]) -> None:
    """Set the contacts that are given by their details."""
    described = [item for item in items if item.details is not None]
    pairs = contacts.find_or_create_many([item.details for item in described if item.details])
    for item, (contact, _created) in zip(described, pairs, strict=True):
        _draft(item).contact = contact


def _draft(item: Item) -> Draft:
    assert item.draft
    return item.draft


def _new_items(items: list[Item], known: dict[str, Session]) -> list[Item]:
    """Those whose external id is new; of two with the same one, the first."""
    seen, new = set(known), []
    for item in items:
        external_id = _draft(item).external_id
        if not external_id or external_id not in seen:
            new.append(item)
            seen.add(external_id)
    return new


def _update_sessions(items: list[Item], by: Actor) -> list[Item]:
    """Apply the first item of each known session, in bulk where possible; returns the later ones."""
    first: dict[Session, Item] = {}
    for item in items:
        first.setdefault(_session(item), item)
    lock_all(first)
    for session, item in first.items():
        closure = _draft(item).ai_closure_type
        if closure and closure != session.ai_closure_type:
            activity.update(session, by=by, ai_closure_type=closure)
    changes = {
        session: _draft(item)
        for session, item in first.items()
        if item.payload.get("status") and _draft(item).status != session.status
    }
    resolved = {
        session: draft.resolved_at
        for session, draft in changes.items()
        if draft.status == Session.Status.RESOLVED
    }
    resolving.resolve_many(resolved, by=by)
    for session, draft in changes.items():
        if session not in resolved:
            activity.update(session, by=by, status=draft.status)
    return [item for item in items if first[_session(item)] is not item]


def _session(item: Item) -> Session:
    assert item.session
    return item.session


def _directory(batch: list[Item]) -> agents.Directory:
    """Of the agents and teams that these items name."""
    payloads = [item.payload for item in batch if isinstance(item.payload, dict)]
    people = [person for payload in payloads if isinstance(person := payload.get("assignee"), dict)]
    plain = [
        person for person in people if not any(isinstance(value, dict | list) for value in person.values())
    ]
    teams = [team for payload in payloads if isinstance(team := payload.get("team"), str)]
    directory = agents.Directory()
    directory.read(map(_name_email_kind, plain), teams)
    return directory


def _name_email_kind(person: JsonObject) -> tuple[str, str, str]:
    name, email, kind = (str(person.get(field) or "") for field in ("name", "email", "kind"))
    return name, email, kind


def _assignee(payload: JsonObject, directory: agents.Directory) -> Agent | None:
    name, email, kind = _name_email_kind(_object(payload, "assignee"))
    return directory.agent(name, email, kind) if name or email else None


def _team(payload: JsonObject, directory: agents.Directory) -> Team | None:
    name = payload.get("team")
    if name is not None and not isinstance(name, str):
        raise invalid("team", _("Give the team's name."))
    return directory.team(name)
