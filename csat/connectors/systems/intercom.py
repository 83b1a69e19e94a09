"""Intercom: webhooks of an app, and its REST API 2.14 (github.com/intercom/Intercom-OpenAPI)."""

import html
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, items, moment, objects, parse_json, plain, text, unsigned
from csat.connectors.signatures import check_hmac
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

TOPICS = {
    "conversation.user.created": ChangeType.CREATED,
    "conversation.admin.single.created": ChangeType.CREATED,
    "conversation.user.replied": ChangeType.MESSAGE,
    "conversation.admin.replied": ChangeType.MESSAGE,
    "conversation.operator.replied": ChangeType.MESSAGE,
    "conversation.admin.assigned": ChangeType.ASSIGNED,
    "conversation.deleted": ChangeType.DELETED,
    "ticket.created": ChangeType.CREATED,
    "ticket.closed": ChangeType.STATUS,
    "ticket.state.updated": ChangeType.STATUS,
}
CHANNELS = {
    "conversation": "web",
    "push": "web",
    "email": "email",
    "phone_call": "phone_voice",
    "phone_switch": "phone_voice",
    "whatsapp": "whatsapp",
    "sms": "sms",
    "instagram": "instagram",
    "facebook": "messenger",
}
SAID = {"comment", "open", "close", "quick_reply"}  # parts the customer sees; of an assignment only staff
OF_STATE = {
    "open",
    "close",
    "snoozed",
    "unsnoozed",
    "assignment",
    "assign_and_reopen",
}  # not ours without words
CUSTOMERS = {"user", "lead", "contact"}
RESOLUTIONS = {
    "confirmed_resolution": ClosedBy.AI,
    "assumed_resolution": ClosedBy.AUTOMATIC,
    "routed_to_team": ClosedBy.HANDED_OFF,
}
OUR_TAGS = {"csat_good", "csat_bad"}
REGIONS = {"api.eu.": "app.eu.", "api.au.": "app.au."}
PAGE = 50
LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Intercom(System):
    kind = "intercom"
    label = "Intercom"
    resolved = ("closed", "resolved")  # a conversation's state; a ticket's category
    unresolved = ("deleted",)
    inbound_secret = _("Client secret of the app")
    api_token = _("Access token of the app")
    account = _("Workspace ID (app_id)")
    default_address = "https://api.intercom.io"
    can_send = True
    writes = ("note", "fields")  # a tag cannot be taken away again without DELETE
    steps = (
        Step(
            _(
                "Developer Hub → your app → Webhooks: enter this address and choose the topics "
                "conversation.user.created, conversation.user.replied, conversation.admin.replied, "
                "conversation.admin.assigned, conversation.admin.closed, conversation.admin.opened, "
                "conversation.deleted and ticket.state.updated."
            ),
            copy="url",
        ),
        Step(_("Basic information: copy the client secret, which signs the webhooks, and enter it here.")),
        Step(
            _(
                "Authentication: copy the access token. Change the address to https://api.eu.intercom.io or "
                "https://api.au.intercom.io if your data is kept there. Enter the workspace ID: the app's "
                "events of all workspaces come to one address."
            )
        ),
        Step(
            _(
                "Settings → Data → Conversations: to have scores in fields, create the attributes csat_score "
                "(number), csat_label, csat_comment, csat_at and csat_url (text)."
            )
        ),
        Step(
            _(
                "Remove “Ask for conversation rating” from workflows and from Fin, or customers are asked "
                "twice."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        given = headers.get("x-hub-signature", "")
        check_hmac(config.inbound_secrets, given, raw, algorithm="sha1", prefix="sha1=")

    def handshake(self, config: Config, headers: Mapping[str, str], raw: bytes) -> str | None:
        """Their test of a new address; any 2xx will do."""
        try:
            return "pong" if text(parse_json(raw), "topic") == "ping" else None
        except CannotRead:
            return None

    def redact(self, body: Any) -> Any:
        """Attachments have signed addresses, in the text too."""
        body = hidden(body, frozenset({"attachments"}))
        item = dig(body, "data", "item")
        for part in (dig(item, "source"), *_parts(item)):
            if isinstance(part, dict) and "body" in part:
                part["body"] = unsigned(part["body"])
        return body

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return text(body, "topic")

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        return text(body, "id")

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """Any topic of a conversation tells its state: *reply and close* and closing bots need not come as
        conversation.admin.closed.
        """
        if not isinstance(body, dict):
            raise CannotRead("Intercom sends one JSON object.")
        topic, item, workspace = text(body, "topic"), dig(body, "data", "item"), text(body, "app_id")
        external_id = text(item, "conversation_id") or text(item, "id")
        sent_at = moment(body, "created_at") or datetime.now(UTC)
        if not topic.startswith(("conversation", "ticket")) or not external_id:
            return [Change("", sent_at, not_used=f"no conversation in it: {topic or 'no topic'}"[:200])]
        if config.account and workspace and workspace != config.account:
            return [Change(external_id, sent_at, not_used=f"of another workspace: {workspace}"[:200])]
        change = _change(config, item, external_id, sent_at, workspace)
        change = replace(change, type=TOPICS.get(topic, ChangeType.STATUS))
        if change.type == ChangeType.DELETED:
            return [replace(change, status="deleted", closed_by=None)]
        if _is_ours(config, item):
            return [replace(change, ours=True)]
        return [_with_contact(fetch, change) if fetch and _unreachable(change) else change]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        path = quoted(external_id)
        conversation = get_or_none(api, f"/conversations/{path}") or get_or_none(api, f"/tickets/{path}")
        if not text(conversation, "id"):
            return None
        change = _change(config, conversation, external_id, datetime.now(UTC), config.account)
        change = _with_contact(api, replace(change, found_by=FoundBy.POLL))
        if change.assignee and not change.assignee.name:
            admin = get_or_none(api, f"/admins/{quoted(change.assignee.id)}")
            person = Person(change.assignee.id, text(admin, "name"), text(admin, "email"))
            change = replace(change, assignee=person)
        return change

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """The contact of a closed one is read: a sweep asks without another look."""
        answer = _found(api, since, PAGE, cursor)
        changes = [_swept(config, found) for found in objects(answer, "conversations")]
        reached = [
            _with_contact(api, change) if change.status in self.resolved and _unreachable(change) else change
            for change in changes
        ]
        return reached, text(answer, "pages", "next", "starting_after")

    def latest(self, config: Config, api: Api) -> list[Change]:
        answer = _found(api, datetime.fromtimestamp(0, UTC), 5, "")
        changes = [_swept(config, found) for found in objects(answer, "conversations")[:5]]
        return [_with_contact(api, change) if _unreachable(change) else change for change in changes]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Parts cannot be edited, but redacted: that blanks the note of a withdrawn rating."""
        path = f"/conversations/{quoted(rating.external_id)}"
        if rating.withdrawn:
            _blank(api, path, rating)
        if rating.fields and (attributes := _attributes(api, rating)):
            api.put(path, {"custom_attributes": attributes})
        if rating.withdrawn or not rating.note or (rating.note_id and not rating.changed_side):
            return rating.note_id
        if written := _written(api.get(path), rating):
            return written
        note = {"message_type": "note", "type": "admin", "admin_id": _admin(config, api)}
        answer = api.post(f"{path}/reply", note | {"body": _as_html(rating.line)})
        return _written(answer, rating) or rating.note_id

    def send(self, config: Config, api: Api, external_id: str, text: str) -> str:
        """A reply would open a closed conversation again [M]; closing it with words says them and leaves it
        closed.
        """
        path = f"/conversations/{quoted(external_id)}"
        conversation = api.get(path)
        if sent := _sent(conversation, text):
            return sent
        words = {"type": "admin", "admin_id": _admin(config, api), "body": _as_html(text)}
        if dig(conversation, "state") == "closed":
            answer = api.post(f"{path}/parts", {"message_type": "close", **words})
        else:
            answer = api.post(f"{path}/reply", {"message_type": "comment", **words})
        return _sent(answer, text)

    def own_user(self, config: Config, api: Api) -> str:
        return text(api.get("/me"), "id")

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {config.token}", "Intercom-Version": "2.14"}


# reading


def _change(config: Config, item: Any, external_id: str, sent_at: datetime, workspace: str) -> Change:
    """A conversation or a ticket, of a webhook or of the API."""
    status, channel = _status(item), text(item, "source", "type")
    at = _state_at(item, status) or sent_at
    team = text(item, "team_assignee_id")
    return Change(
        external_id=external_id,
        at=at,
        status=status,
        channel=CHANNELS.get(channel, "api") if channel else "",
        source_channel=channel,
        inbox=team,
        subject=_subject(item),
        customer=_customer(item),
        assignee=_assignee(item),
        tags=_tags(item),
        messages=tuple(_said(config, item, at)),
        actor=_person(dig(_newest(item), "author")),
        closed_by=_closed_by(item) if status == "closed" else None,
        created_at=moment(item, "created_at"),
        url=_url(config, workspace, external_id),
        their_survey=_asks_itself(item),
    )


def _status(item: Any) -> str:
    if text(item, "state") or text(item, "type") != "ticket":
        return text(item, "state") or ("open" if dig(item, "open") is True else "")
    state = dig(item, "ticket_state")
    return text(state, "category") or text(state)


def _state_at(item: Any, status: str) -> datetime | None:
    """A closed one is so since it was closed: a later tag or note must not look like closing it."""
    closed = moment(item, "statistics", "last_close_at") if status == "closed" else None
    return closed or moment(item, "updated_at") or moment(item, "created_at")


def _parts(item: Any) -> list[JsonObject]:
    """The oldest first, as they send them; a webhook has the new one only."""
    return objects(item, "conversation_parts", "conversation_parts") + objects(
        item, "ticket_parts", "ticket_parts"
    )


def _newest(item: Any) -> JsonObject:
    """The newest part, of two in one second the later."""
    parts = list(reversed(_parts(item)))
    return max(parts, key=lambda part: moment(part, "created_at") or LONG_AGO, default={})


def _subject(item: Any) -> str:
    title = text(item, "title") or text(item, "ticket_attributes", "_default_title_")
    return title or plain(text(item, "source", "subject"))


def _customer(item: Any) -> Customer | None:
    """Of several contacts the one who wrote first. The author's email is there only when a customer began."""
    author = dig(item, "source", "author")
    contacts = objects(item, "contacts", "contacts")
    by_customer = text(author, "type") in CUSTOMERS
    person = next((one for one in contacts if by_customer and text(one, "id") == text(author, "id")), None)
    first = person or (contacts[0] if contacts else {})
    external_id = text(first, "id") or (text(author, "id") if by_customer else "")
    if not external_id:
        return None
    if by_customer and text(author, "id") == external_id:
        return Customer(text(author, "email"), name=text(author, "name"), external_id=external_id)
    return Customer(text(first, "email"), name=text(first, "name"), external_id=external_id)


def _unreachable(change: Change) -> bool:
    return change.customer is not None and not change.customer.email


def _with_contact(api: Api, change: Change) -> Change:
    """With what the contact says of itself; as it was when there is none any more."""
    customer = change.customer
    contact = get_or_none(api, f"/contacts/{quoted(customer.external_id)}") if customer else None
    if customer is None or not text(contact, "id"):
        return change
    language = text(contact, "language_override") or text(contact, "browser_language")
    known = Customer(
        email=text(contact, "email") or customer.email,
        phone=text(contact, "phone"),
        name=text(contact, "name") or customer.name,
        external_id=customer.external_id,
        language=language,
    )
    return replace(change, customer=known, language=language)


def _assignee(item: Any) -> Person | None:
    """Only an id, unless the same admin also wrote the part that came along. 0 is nobody."""
    assignee = text(item, "admin_assignee_id")
    if assignee in ("", "0"):
        return None
    author = _person(dig(_newest(item), "author"))
    return author if author and author.id == assignee and author.kind == "human" else Person(assignee)


def _person(author: Any) -> Person | None:
    if not text(author, "id"):
        return None
    type_, kind = text(author, "type"), "human"
    if type_ in CUSTOMERS:
        kind = "customer"
    elif dig(author, "from_ai_agent") is True:
        kind = "ai"
    elif type_ != "admin":
        kind = "system"  # a bot without understanding (Operator), or a team
    return Person(text(author, "id"), text(author, "name"), text(author, "email"), kind)


def _said(config: Config, item: Any, at: datetime) -> list[SaidThere]:
    """The first message, then the replies; no notes, and nothing of ours."""
    source = dig(item, "source")
    first = {"part_type": "comment", "created_at": dig(item, "created_at")}
    parts = [source | first] if isinstance(source, dict) else []
    said = []
    for part in parts + _parts(item):
        author, words = _person(dig(part, "author")), plain(text(part, "body"))
        words = words or ("(attachment)" if items(part, "attachments") else "")
        if text(part, "part_type") not in SAID or not words or not text(part, "id") or author is None:
            continue
        if config.own_user and author.id == config.own_user and author.kind == "human":
            continue
        sender = {"customer": "contact", "human": "agent"}.get(author.kind, "ai")
        said.append(SaidThere(text(part, "id"), sender, words, moment(part, "created_at") or at, author))
    return said


def _closed_by(item: Any) -> ClosedBy | None:
    """Intercom says of its AI agent how it ended; a person who closes outweighs what the agent assumed."""
    closing = [part for part in _parts(item) if text(part, "part_type") == "close"]
    closer = _person(dig(closing, -1, "author"))
    resolution = RESOLUTIONS.get(text(item, "ai_agent", "resolution_state"))
    if closer and closer.kind in ("human", "customer"):
        return ClosedBy.HANDED_OFF if resolution == ClosedBy.HANDED_OFF else ClosedBy.HUMAN
    if resolution or closer is None:
        return resolution
    return ClosedBy.AI if closer.kind == "ai" else ClosedBy.AUTOMATIC


def _tags(item: Any) -> tuple[str, ...] | None:
    if not isinstance(dig(item, "tags", "tags"), list):
        return None
    return tuple(text(tag, "name") for tag in objects(item, "tags", "tags") if text(tag, "name"))


def _asks_itself(item: Any) -> bool:
    """The rating is there, without a score, as soon as they asked."""
    rating = dig(item, "conversation_rating")
    return bool(isinstance(rating, dict) and rating) or dig(item, "ai_agent", "rating") is not None


def _is_ours(config: Config, item: Any) -> bool:
    """A note of our user, or a message with which we sent the survey; tags by their names [M]."""
    added = [text(tag, "name") for tag in objects(item, "tags_added", "tags")]
    if added and set(added) <= OUR_TAGS:
        return True
    newest = _newest(item)
    by_own_user = (
        text(newest, "author", "type") == "admin" and text(newest, "author", "id") == config.own_user
    )
    return by_own_user and (text(newest, "part_type") not in OF_STATE or bool(text(newest, "body")))


def _url(config: Config, workspace: str, external_id: str) -> str:
    """Where teammates work is another host than the API's, of the same region."""
    region = next((app for host, app in REGIONS.items() if host in config.base_url), "app.")
    where = f"{quoted(workspace)}/inbox/conversation/{quoted(external_id)}"
    return f"https://{region}intercom.com/a/inbox/{where}"


# their API


def _found(api: Api, since: datetime, size: int, cursor: str) -> Any:
    """By time of change, in all states: a reopened one counts too."""
    after = {"starting_after": cursor} if cursor else {}
    changed = {"field": "updated_at", "operator": ">", "value": int(since.timestamp())}
    query = {"operator": "AND", "value": [changed]}
    return api.post("/conversations/search", {"query": query, "pagination": {"per_page": size, **after}})


def _swept(config: Config, found: JsonObject) -> Change:
    change = _change(config, found, text(found, "id"), datetime.now(UTC), config.account)
    return replace(change, found_by=FoundBy.POLL)


def _attributes(api: Api, rating: Rating) -> JsonObject:
    """Only those that were created there: one unknown name and Intercom refuses them all (400)."""
    known = objects(api.get("/data_attributes", model="conversation"), "data")
    names = {text(attribute, "name") for attribute in known}
    return {name: value for name, value in rating.values.items() if name in names}


def _notes(conversation: Any, rating: Rating) -> list[tuple[str, str]]:
    """Ours about this conversation, as (id, words), the newest first."""
    parts = [part for part in reversed(_parts(conversation)) if text(part, "part_type").startswith("note")]
    notes = [(text(part, "id"), _squeezed(plain(text(part, "body")))) for part in parts]
    return [note for note in notes if note[1].startswith("CSAT ") and rating.url in note[1]]


def _written(conversation: Any, rating: Rating) -> str:
    """The id of our newest note when it says this score: a cut connection may have hidden the answer."""
    newest, words = next(iter(_notes(conversation, rating)), ("", ""))
    return newest if words.startswith(f"CSAT {rating.score}/5 ") else ""


def _blank(api: Api, path: str, rating: Rating) -> None:
    for note_id, _words in _notes(api.get(path), rating):
        ids = {"conversation_id": rating.external_id, "conversation_part_id": note_id}
        api.post("/conversations/redact", {"type": "conversation_part", **ids})


def _sent(conversation: Any, words: str) -> str:
    """The id of the message with these words; "" when there is none."""
    for part in reversed(_parts(conversation)):
        if text(part, "part_type") in SAID and _squeezed(words) in _squeezed(plain(text(part, "body"))):
            return text(part, "id")
    return ""


def _admin(config: Config, api: Api) -> str:
    """Who writes: the teammate that was entered, else the one whose token it is."""
    admin = config.own_user or text(api.get("/me"), "id")
    if not admin:
        raise Never("Intercom does not say whose token it is.", code="no_admin")
    return admin


def _as_html(words: str) -> str:
    return "".join(f"<p>{html.escape(line, quote=False)}</p>" for line in words.splitlines())


def _squeezed(words: str) -> str:
    return " ".join(words.split())
