"""HubSpot: webhooks of an app, up to 100 events in one array, nothing but ids in them.

Sources: developers.hubspot.com on webhooks v3, CRM objects v3, associations v4 and conversations v3. What
is marked [M] is from memory: a wrong guess shows as their own word.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.payloads import items, moment, objects, plain, text
from csat.connectors.signatures import check_hmac, check_time
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

TICKET = "0-5"  # the object type in events that are named object.*
OUR_PROPERTIES = {"csat_score", "csat_label", "csat_comment", "csat_at", "csat_url", "csat_tag"}
PROPERTIES = [
    "subject", "hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id", "source_type", "createdate",
    "hs_lastmodifieddate", "closed_date",
]  # fmt: skip
CONTACT = ["email", "phone", "mobilephone", "firstname", "lastname", "hs_language"]
CHANNELS = {  # values of the property source_type [M]
    "EMAIL": "email", "CHAT": "web", "FORM": "web", "PHONE": "phone_voice", "CALLING": "phone_voice",
    "WHATSAPP": "whatsapp", "SMS": "sms", "FB_MESSENGER": "messenger",
}  # fmt: skip
CLOSED_BY = {  # values of changeSource [M]; any other one: not known
    "CRM_UI": ClosedBy.HUMAN, "MOBILE_IOS": ClosedBy.HUMAN, "MOBILE_ANDROID": ClosedBy.HUMAN,
    "CONVERSATIONS": ClosedBy.HUMAN, "AUTOMATION_PLATFORM": ClosedBy.AUTOMATIC,
}  # fmt: skip
# decoded before signing, and nothing else: "Validating requests", signature v3
DECODED = {
    "%3A": ":", "%2F": "/", "%3F": "?", "%40": "@", "%21": "!", "%24": "$", "%27": "'", "%28": "(",
    "%29": ")", "%2A": "*", "%2C": ",", "%3B": ";",
}  # fmt: skip
THREADS = "/conversations/v3/conversations/threads"
NOTE_TO_TICKET = 228  # the association type that HubSpot defines
PAGE, SEARCH_LIMIT = 100, 10_000  # of their search


class HubSpot(System):
    kind = "hubspot"
    label = "HubSpot"
    unresolved = ("spam",)
    inbound_secret = _("Client secret of the app")
    api_token = _("Access token")
    account = _("Hub ID")
    needs_address = False
    default_address = "https://api.hubapi.com"
    steps = (
        Step(
            _(
                "In HubSpot, create a private app (Settings, Integrations) or a developer project app, and "
                "paste this address as the target URL of its webhooks."
            ),
            "url",
        ),
        Step(
            _(
                "Subscribe to tickets: created, deleted, merged, and changes of Ticket status and Ticket "
                "owner; and to new messages of conversations if you want their texts."
            )
        ),
        Step(
            _(
                "Enter the client secret and the access token of the app here. Its scopes: tickets, "
                "crm.objects.contacts.read, crm.objects.owners.read, conversations.read."
            )
        ),
        Step(
            _(
                "Create these ticket properties, each a single-line text: csat_score, csat_label, "
                "csat_comment, csat_at, csat_url, csat_tag. Then choose under Rules which ticket statuses "
                "mean resolved."
            )
        ),
        Step(
            _(
                "Switch off the customer satisfaction survey under Service, Feedback surveys, or customers "
                "are asked twice."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """Signature v3, over the address they were told; they know of no query that was added to it."""
        given, at = headers.get("x-hubspot-signature-v3", ""), headers.get("x-hubspot-request-timestamp", "")
        refused = BadSignature("The signature does not match.")
        for address in dict.fromkeys((url, url.partition("?")[0])):
            signed = b"POST" + _bytes(_decoded(address)) + raw + _bytes(at)
            try:
                check_hmac(config.inbound_secrets, given, signed, encoding="base64")
                break
            except BadSignature as error:
                refused = error
        else:
            raise refused
        if any(config.inbound_secrets):
            check_time(at, unit="ms")

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        """The first one's name, and how many more came with it."""
        events = _events(body)
        more = f" +{len(events) - 1}" if len(events) > 1 else ""
        return text(events, 0, "subscriptionType") + more

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        """A retry differs in attemptNumber, and eventId is "not guaranteed to be unique"."""
        unlike = {"eventId", "attemptNumber"}
        events = [event for event in _events(body) if isinstance(event, dict)]
        told = [{key: event[key] for key in event if key not in unlike} for event in events]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest() if told else ""

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        if not isinstance(body, dict | list):
            raise CannotRead("HubSpot sends an array of events.")
        changes = [change for event in _events(body) for change in _changes(config, event, fetch)]
        if fetch is not None:
            used = [change for change in changes if not (change.not_used or change.ours)]
            tickets = self._tickets(config, fetch, [change.external_id for change in used])
            changes = [_completed(change, tickets.get(change.external_id)) for change in changes]
        return sorted(changes, key=lambda change: change.at)  # HubSpot promises no order

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        if external_id.startswith("thread-"):
            found = _thread(config, api, external_id.removeprefix("thread-"))
            return found if found and found.external_id == external_id else None  # else it is its ticket's
        return self._tickets(config, api, [external_id]).get(external_id)

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """By search, oldest change first. Beyond its 10,000th result it starts again from the last one.

        A ticket closed before `since` and changed otherwise after it tells no state: it ended long ago.
        """
        start, _colon, after = cursor.partition(":")
        start = start or str(int(since.timestamp() * 1000))
        page = api.post("/crm/v3/objects/tickets/search", _search(start, after))
        found = objects(page, "results")
        following = text(page, "paging", "next", "after")
        if _is_id(following) and int(following) >= SEARCH_LIMIT:
            last = moment(found, -1, "properties", "hs_lastmodifieddate")
            start, following = str(int(last.timestamp() * 1000)) if last else "", "0"
        old = {text(one, "id") for one in found if _closed_before(one, since)}
        changes = [
            replace(one, found_by=FoundBy.POLL, status="" if one.external_id in old else one.status)
            for one in _completed_tickets(config, api, found)
        ]
        return changes, f"{start}:{following}" if following and start else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        sorts = [{"propertyName": "hs_lastmodifieddate", "direction": "DESCENDING"}]
        body = {"sorts": sorts, "properties": PROPERTIES, "limit": 5}
        found = api.post("/crm/v3/objects/tickets/search", body)
        return _completed_tickets(config, api, objects(found, "results"))

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """The note first: a property that nobody made there is refused, and must not keep the note back."""
        note_id = _write_note(api, rating) if rating.note or (rating.withdrawn and rating.note_id) else ""
        if properties := _written(rating):
            api.patch(f"/crm/v3/objects/tickets/{_id(rating.external_id)}", {"properties": properties})
        return note_id

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}"}

    def _tickets(self, config: Config, api: Api, ids: Sequence[str]) -> dict[str, Change]:
        """The tickets that are still there, all with one call."""
        wanted = [one for one in dict.fromkeys(ids) if _is_id(one)]
        found = _batch(api, "tickets", wanted, PROPERTIES)
        return {change.external_id: change for change in _completed_tickets(config, api, found)}


def _changes(config: Config, event: Any, fetch: Api | None) -> list[Change]:
    """One event of the array; all of its kinds are in "Webhook subscription types"."""
    base = Change(text(event, "objectId"), moment(event, "occurredAt") or timezone.now())
    name, portal = text(event, "subscriptionType"), text(event, "portalId")
    kind, _dot, verb = name.partition(".")
    if not isinstance(event, dict) or not name or not _is_id(base.external_id):
        return [replace(base, not_used="an event without its kind or its object")]
    if config.account and portal and portal != config.account:
        return [replace(base, not_used=f"of another HubSpot account, {portal}")]
    if kind == "conversation":
        return [_of_thread(config, base, verb, event, fetch)]
    if kind != "ticket" and not (kind == "object" and text(event, "objectTypeId") == TICKET):
        return [replace(base, not_used=f"{name} is not about a ticket")]
    base = replace(base, url=_url(portal or config.account, base.external_id), actor=_actor(event))
    if verb == "merge":
        return _merged(base, event)
    if verb == "propertyChange":
        return [_of_property(config, base, event)]
    types = {"creation": ChangeType.CREATED, "deletion": ChangeType.DELETED, "restore": ChangeType.STATUS}
    if verb not in types:
        return [replace(base, not_used=f"{name} is not used")]
    return [replace(base, type=types[verb])]


def _of_property(config: Config, base: Change, event: JsonObject) -> Change:
    name, value = text(event, "propertyName"), text(event, "propertyValue")
    source, app = text(event, "changeSource"), text(event, "appId")
    by = text(event, "sourceId").removeprefix("userId:")
    our_app = source == "INTEGRATION" and by != "" and by == app  # our own token: its app's id [M]
    if name in OUR_PROPERTIES or our_app or (config.own_user and by == config.own_user):
        return replace(base, ours=True)
    if name == "hs_pipeline_stage":
        return replace(base, status=value, closed_by=CLOSED_BY.get(source))
    if name == "hubspot_owner_id":
        assignee = Person(id=value) if value else None
        return replace(base, type=ChangeType.ASSIGNED, assignee=assignee)
    return replace(base, not_used=f"the property {name or '(none)'} is not used")


def _merged(base: Change, event: JsonObject) -> list[Change]:
    """Those that went into another one; where a new ticket was made, the first one went, too."""
    gone = [text(one) for one in items(event, "mergedObjectIds")]
    new, first = text(event, "newObjectId"), text(event, "primaryObjectId")
    if new and first and new != first:
        gone.append(first)
    gone = [one for one in gone if _is_id(one) and one != new]
    merged = [replace(base, external_id=one, type=ChangeType.MERGED) for one in gone]
    return merged or [replace(base, not_used="a merge that names no ticket")]


def _of_thread(config: Config, base: Change, verb: str, event: JsonObject, fetch: Api | None) -> Change:
    """A thread of the inbox belongs to its ticket, where it has one; only their API knows."""
    types = {
        "newMessage": ChangeType.MESSAGE, "creation": ChangeType.CREATED, "propertyChange": ChangeType.STATUS,
        "deletion": ChangeType.DELETED, "privacyDeletion": ChangeType.DELETED,
    }  # fmt: skip
    if verb not in types:
        return replace(base, not_used=f"conversation.{verb} is not used")
    if text(event, "messageType") == "COMMENT":
        return replace(base, not_used="an internal comment")
    is_status = verb == "propertyChange" and text(event, "propertyName") == "status"
    status = text(event, "propertyValue").lower() if is_status else ""
    thread = base.external_id
    base = replace(base, external_id=f"thread-{thread}", type=types[verb], status=status)
    found = _thread(config, fetch, thread) if fetch else None
    if fetch is None or found is None:
        return base
    if not found.external_id.startswith("thread-") and verb != "newMessage":
        return replace(base, external_id=found.external_id, not_used="its ticket's status decides")
    messages = _message(fetch, thread, text(event, "messageId")) if verb == "newMessage" else ()
    return replace(found, at=base.at, type=base.type, status=status, messages=messages)


def _thread(config: Config, api: Api, thread_id: str) -> Change | None:
    thread = get_or_none(api, f"{THREADS}/{_id(thread_id)}", association="TICKET")
    if not isinstance(thread, dict):
        return None
    at = moment(thread, "latestMessageTimestamp") or timezone.now()
    ticket = text(thread, "threadAssociations", "associatedTicketId")
    if _is_id(ticket):
        return Change(ticket, at, url=_url(config.account, ticket))
    contact = text(thread, "associatedContactId")  # of a visitor who left no address: no contact's id
    return Change(
        f"thread-{thread_id}",
        at,
        status="spam" if thread.get("spam") is True else text(thread, "status").lower(),
        inbox=text(thread, "inboxId"),
        customer=_contacts(api, [contact]).get(contact) if _is_id(contact) else None,
        created_at=moment(thread, "createdAt"),
    )


def _message(api: Api, thread_id: str, message_id: str) -> tuple[SaidThere, ...]:
    """Only what went to or came from the customer; a COMMENT is internal."""
    path = f"{THREADS}/{_id(thread_id)}/messages/{message_id}"
    message = get_or_none(api, path) if message_id.isascii() and message_id.isalnum() else None
    if text(message, "type") != "MESSAGE":
        return ()
    at, words = moment(message, "createdAt") or timezone.now(), plain(text(message, "text"))
    if text(message, "direction") == "INCOMING":
        return (SaidThere(message_id, "contact", words, at),)
    kind, _dash, actor = text(message, "senders", 0, "actorId").partition("-")
    is_bot = kind == "B"  # A- is an agent, V- a visitor, B- a bot [M]
    author = Person(actor, text(message, "senders", 0, "name"), kind="ai" if is_bot else "human")
    return (SaidThere(message_id, "ai" if is_bot else "agent", words, at, author),)


def _completed_tickets(config: Config, api: Api, tickets: Sequence[JsonObject]) -> list[Change]:
    """Tickets as changes, with the first contact and the owner of each."""
    ids = [text(ticket, "id") for ticket in tickets]
    links = _batch(api, "", ids, (), path="/crm/v4/associations/tickets/contacts/batch/read")
    first = {text(link, "from", "id"): text(link, "to", 0, "toObjectId") for link in links}
    people = _contacts(api, filter(_is_id, first.values()))
    owners: dict[str, Person] = {}
    for owner in {text(ticket, "properties", "hubspot_owner_id") for ticket in tickets} - {""}:
        owners[owner] = _owner(api, owner)
    return [
        _of_ticket(config, ticket, people.get(first.get(text(ticket, "id"), "")), owners)
        for ticket in tickets
        if _is_id(text(ticket, "id"))
    ]


def _of_ticket(
    config: Config, ticket: JsonObject, customer: Customer | None, owners: Mapping[str, Person]
) -> Change:
    source = text(ticket, "properties", "source_type")
    return Change(
        text(ticket, "id"),
        moment(ticket, "properties", "hs_lastmodifieddate") or moment(ticket, "updatedAt") or timezone.now(),
        status=text(ticket, "properties", "hs_pipeline_stage"),
        channel=CHANNELS.get(source.upper(), "api") if source else "",
        source_channel="" if source.upper() in CHANNELS else source,
        inbox=text(ticket, "properties", "hs_pipeline"),
        subject=text(ticket, "properties", "subject"),
        customer=customer,
        assignee=owners.get(text(ticket, "properties", "hubspot_owner_id")),
        created_at=moment(ticket, "properties", "createdate") or moment(ticket, "createdAt"),
        url=_url(config.account, text(ticket, "id")),
    )


def _closed_before(ticket: JsonObject, since: datetime) -> bool:
    """HubSpot sets closed_date when a ticket comes to a closed stage, and empties it when it leaves [M]."""
    closed_at = moment(ticket, "properties", "closed_date")
    return closed_at is not None and closed_at < since


def _completed(change: Change, ticket: Change | None) -> Change:
    """An event with what its ticket tells besides. The state stays the event's own: the ticket's is newer."""
    if ticket is None or change.not_used or change.ours:
        return change
    assignee = change.assignee or ticket.assignee
    if assignee and ticket.assignee and assignee.id == ticket.assignee.id:
        assignee = ticket.assignee  # with name and email
    return replace(
        ticket,
        at=change.at,
        type=change.type,
        status=change.status,
        messages=change.messages,
        actor=change.actor,
        closed_by=change.closed_by,
        assignee=assignee,
        url=change.url or ticket.url,
    )


def _batch(
    api: Api, kind: str, ids: Sequence[str], properties: Sequence[str], *, path: str = ""
) -> list[JsonObject]:
    """Up to 100 of a kind with each call; those that are gone are not among them."""
    found: list[JsonObject] = []
    for start in range(0, len(ids), PAGE):
        body: JsonObject = {"inputs": [{"id": one} for one in ids[start : start + PAGE]]}
        if properties:
            body["properties"] = list(properties)
        try:
            found += objects(api.post(path or f"/crm/v3/objects/{kind}/batch/read", body), "results")
        except Never as error:
            if error.code != "404":
                raise
    return found


def _contacts(api: Api, ids: Iterable[str]) -> dict[str, Customer]:
    found = _batch(api, "contacts", list(dict.fromkeys(ids)), CONTACT)
    return {text(contact, "id"): _customer(contact) for contact in found}


def _customer(contact: JsonObject) -> Customer:
    names = [text(contact, "properties", "firstname"), text(contact, "properties", "lastname")]
    return Customer(
        email=text(contact, "properties", "email"),
        phone=text(contact, "properties", "mobilephone") or text(contact, "properties", "phone"),
        name=" ".join(name for name in names if name),
        external_id=text(contact, "id"),
        language=text(contact, "properties", "hs_language"),
    )


def _owner(api: Api, owner_id: str) -> Person:
    """Without the scope for owners, the id alone."""
    try:
        owner = get_or_none(api, f"/crm/v3/owners/{owner_id}") if _is_id(owner_id) else None
    except Never as error:
        if error.code != "403":
            raise
        owner = None
    names = [text(owner, "firstName"), text(owner, "lastName")]
    return Person(owner_id, " ".join(name for name in names if name), text(owner, "email"))


def _search(start: str, after: str) -> JsonObject:
    filters = [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": start}]
    body: JsonObject = {
        "filterGroups": [{"filters": filters}],
        "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}],
        "properties": PROPERTIES,
        "limit": PAGE,
    }
    return body | {"after": after} if after else body


def _written(rating: Rating) -> dict[str, str]:
    """Properties are texts, and "" clears one. Others of the ticket are not touched by a PATCH."""
    values: dict[str, object] = dict(rating.values) if rating.fields else {}
    if rating.tag:
        values["csat_tag"] = None if rating.withdrawn else rating.tags[0]
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _write_note(api: Api, rating: Rating) -> str:
    ticket = _id(rating.external_id)

    def edit(note_id: str, words: str) -> None:
        api.patch(f"/crm/v3/objects/notes/{_id(note_id)}", {"properties": {"hs_note_body": _html(words)}})

    def add(words: str) -> str:
        types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": NOTE_TO_TICKET}]
        body = {
            "properties": {"hs_timestamp": rating.at.isoformat(), "hs_note_body": _html(words)},
            "associations": [{"to": {"id": ticket}, "types": types}],
        }
        return text(api.post("/crm/v3/objects/notes", body), "id")

    return notes.write(rating, known=lambda: _notes(api, ticket), edit=edit, add=add)


def _notes(api: Api, ticket_id: str) -> list[notes.Note]:
    """The newest hundred of the ticket, oldest first."""
    linked = get_or_none(api, f"/crm/v4/objects/tickets/{_id(ticket_id)}/associations/notes")
    ids = {text(link, "toObjectId") for link in objects(linked, "results")}
    newest = sorted(filter(_is_id, ids), key=int)[-PAGE:]
    found = _batch(api, "notes", newest, ["hs_note_body"])
    read = [notes.Note(text(note, "id"), plain(text(note, "properties", "hs_note_body"))) for note in found]
    return sorted(read, key=lambda note: newest.index(note.id) if note.id in newest else -1)


def _html(words: str) -> str:
    return escape(words).replace("\n", "<br>")


def _actor(event: JsonObject) -> Person | None:
    """sourceId is userId:<id> of a person, or the id of an app or workflow [M]."""
    source = text(event, "sourceId")
    person = source.startswith("userId:")
    return Person(source.removeprefix("userId:"), kind="human" if person else "system") if source else None


def _events(body: Any) -> list[Any]:
    return body if isinstance(body, list) else [body] if isinstance(body, dict) else []


def _url(portal: str, ticket_id: str) -> str:
    return f"https://app.hubspot.com/contacts/{portal}/record/{TICKET}/{ticket_id}" if portal else ""


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= 20


def _id(value: str) -> str:
    """An id for a path: digits only, so that a made-up one reaches nothing else of theirs."""
    if not _is_id(value):
        raise Never(f"{value[:40]!r} is no id of HubSpot's.", code="404")
    return value


def _decoded(url: str) -> str:
    for code, sign in DECODED.items():
        url = url.replace(code, sign).replace(code.lower(), sign)
    return url


def _bytes(value: str) -> bytes:
    return value.encode(errors="replace")
