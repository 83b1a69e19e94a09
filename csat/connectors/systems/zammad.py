"""Zammad: webhooks of its triggers, its API for what they lost, and the score as note, attributes and tag.

Facts: design/connectors.md sections 2 to 8. A trigger sends the ticket as it is at each attempt, so a retry
may say more than the request it repeats: the body tells requests apart, not the delivery id.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from csat.connectors import notes
from csat.connectors.api import Api, get_or_none, quoted
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import CannotRead
from csat.connectors.payloads import dig, hidden, items, moment, objects, plain, text
from csat.connectors.signatures import check_hmac
from csat.lib.types import JsonObject

CHANNELS = {
    "web": "web",
    "chat": "web",
    "email": "email",
    "phone": "phone_voice",
    "whatsapp message": "whatsapp",
    "sms": "sms",
    "facebook feed post": "messenger",
    "facebook feed comment": "messenger",
    "note": "api",
}
OPEN = {"", "new", "open", "pending reminder", "pending close"}  # of the states every Zammad has
ENDED = {"merged": ChangeType.MERGED, "removed": ChangeType.DELETED}
SENDERS = {"Customer": "contact", "Agent": "agent"}  # the third, System, writes automatic replies
SYSTEM = "1"  # the user "-": owns what nobody owns, and acts for the scheduler [M]
SECRETS = frozenset({"password", "data", "url", "store_file_id"})  # of users and attachments
PAGE = 50


class Zammad(System):
    kind = "zammad"
    label = "Zammad"
    resolved = ("closed",)  # admins add more; "pending close" is open until the scheduler closes it
    unresolved = ("merged", "removed")
    inbound_secret = _("HMAC SHA1 signature token of the webhook")
    api_token = _("Access token of the user CSAT (permission ticket.agent)")
    headers_kept = ("x-zammad-trigger",)
    steps = (
        Step(
            _(
                "Make a user CSAT who is an agent of every group that counts. Sign in as CSAT: Profile > "
                "Token Access > Create, with the permission ticket.agent."
            )
        ),
        Step(
            _(
                "Manage > Webhook > New: this URL as endpoint, the default payload, and a signature token of "
                "your own, which you enter here too."
            ),
            copy="url",
        ),
        Step(
            _(
                "Manage > Trigger > New, “CSAT state”: activated by an action, selective; conditions: state "
                "has changed, updated by is not CSAT; action: this webhook."
            )
        ),
        Step(
            _(
                "A second trigger, “CSAT messages”; conditions: article action is created, article "
                "visibility is public, updated by is not CSAT; action: this webhook."
            )
        ),
        Step(
            _(
                "To have the score in fields, add ticket attributes csat_score (integer), csat_label, "
                "csat_comment, csat_at and csat_url (text) under System > Objects. Zammad has no survey of "
                "its own; switch off any trigger of yours that sends one."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        given = headers.get("x-hub-signature", "")
        check_hmac(config.inbound_secrets, given, raw, algorithm="sha1", prefix="sha1=")

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        """The trigger's name, as the admin chose it."""
        return headers.get("x-zammad-trigger", "")

    def redact(self, body: Any) -> Any:
        return hidden(body, SECRETS)

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """One change. Tags and the customer's language are not in it; a look-up has them."""
        if not isinstance(body, dict):
            raise CannotRead("The body is not an object.")
        ticket, article = dig(body, "ticket"), dig(body, "article")
        if not _id(ticket):
            return [Change("", datetime.now(UTC), not_used="no ticket in it")]
        articles = [article] if _id(article) else []
        return [_change(config, ticket, articles, type=_type(ticket, article), ours=_is_ours(config, body))]

    def look_up(self, config: Config, api: Api, external_id: str) -> Change | None:
        """With what webhooks leave out: tags, the customer's language, all articles."""
        ticket = get_or_none(api, f"/api/v1/tickets/{quoted(external_id)}", expand="true")
        return _whole(config, api, ticket) if _id(ticket) else None

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Newest first: what changes between two pages comes twice, and nothing is skipped."""
        page = int(cursor or 1)
        tickets = _changed_since(api, since, page=page, per_page=PAGE)
        changes = [_whole(config, api, ticket) for ticket in tickets if _id(ticket)]
        return changes, str(page + 1) if len(tickets) == PAGE else ""

    def latest(self, config: Config, api: Api) -> list[Change]:
        tickets = _changed_since(api, datetime.fromtimestamp(0, UTC), page=1, per_page=5)
        return [_whole(config, api, ticket) for ticket in tickets[:5] if _id(ticket)]

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """The note comes last, so that its id is not lost when another call fails. A withdrawn rating goes
        wherever it may have been written.
        """
        if rating.fields or rating.withdrawn:
            _write_fields(api, rating)
        if rating.tag or rating.withdrawn:
            _write_tag(api, rating)
        return _write_note(api, rating) if rating.note or rating.withdrawn else rating.note_id

    def own_user(self, config: Config, api: Api) -> str:
        return text(api.get("/api/v1/users/me"), "id")

    def auth(self, config: Config) -> Mapping[str, str]:
        return {"Authorization": f"Token token={config.token}"}


# what they tell


def _change(config: Config, ticket: JsonObject, articles: list[JsonObject], **more: Any) -> Change:
    """A ticket of a webhook, or one of the API with `expand`, where users and groups are names."""
    at = moment(ticket, "updated_at") or moment(articles, -1, "created_at") or datetime.now(UTC)
    word = text(ticket, "create_article_type")
    group = text(ticket, "group", "name") or text(ticket, "group")
    return Change(
        external_id=_id(ticket),
        at=at,
        status=text(ticket, "state"),
        channel=CHANNELS.get(word, "api") if word else "",
        source_channel=word,
        inbox=text(ticket, "group_id"),
        inbox_name=group,
        subject=text(ticket, "title"),
        customer=_customer(ticket),
        assignee=_person(ticket, "owner"),
        team=group,
        messages=tuple(said for article in articles if (said := _said(config, article, at))),
        actor=_person(ticket, "updated_by"),
        closed_by=_closed_by(ticket),
        created_at=moment(ticket, "created_at"),
        ended_at=moment(ticket, "last_close_at") or moment(ticket, "close_at"),
        url=f"{config.base_url}/#ticket/zoom/{_id(ticket)}",
        **more,
    )


def _id(value: Any) -> str:
    """A number in digits; "" for anything else: it becomes part of a path."""
    found = text(value, "id")
    return found if found.isascii() and found.isdecimal() and len(found) <= 20 else ""


def _type(ticket: JsonObject, article: Any) -> ChangeType:
    if (state := text(ticket, "state")) in ENDED:
        return ENDED[state]
    if not _id(article):
        return ChangeType.STATUS
    return ChangeType.CREATED if text(ticket, "article_count") == "1" else ChangeType.MESSAGE


def _customer(ticket: JsonObject) -> Customer | None:
    """A customer may have a login and no email; numbers are as people typed them."""
    user = dig(ticket, "customer")
    if not text(ticket, "customer_id") and not text(user, "id"):
        return None
    return Customer(
        email=text(user, "email"),
        phone=text(user, "phone") or text(user, "mobile"),
        name=_name(user),
        external_id=text(user, "id") or text(ticket, "customer_id"),
    )


def _person(record: JsonObject, role: str) -> Person | None:
    """Owner, last writer or author; nobody when the owner is "-"."""
    user, number = dig(record, role), text(record, f"{role}_id") or text(record, role, "id")
    if not number or (role == "owner" and number == SYSTEM):
        return None
    roles = items(user, "roles")
    kind = "system" if number == SYSTEM else "customer" if roles == ["Customer"] else "human"
    return Person(number, _name(user), text(user, "email") or text(user), kind)  # or their login


def _name(user: Any) -> str:
    return f"{text(user, 'firstname')} {text(user, 'lastname')}".strip()


def _closed_by(ticket: JsonObject) -> ClosedBy | None:
    """Who changed it last. The scheduler ends "pending close" as the system user."""
    if text(ticket, "state") in OPEN or text(ticket, "state") in ENDED:
        return None
    person = _person(ticket, "updated_by")
    if person is None or person.kind == "customer":
        return None
    return ClosedBy.AUTOMATIC if person.kind == "system" else ClosedBy.HUMAN


def _is_ours(config: Config, body: JsonObject) -> bool:
    """Our user wrote the article or, without one, the ticket (zammad#5841 is such a second run)."""
    by = _id(dig(body, "article")) != ""
    record, role = (dig(body, "article"), "created_by") if by else (dig(body, "ticket"), "updated_by")
    return _is_own(config, record, role)


def _is_own(config: Config, record: Any, role: str) -> bool:
    own = config.own_user.casefold()
    names = (text(record, f"{role}_id"), *(text(record, role, key) for key in ("id", "email", "login")))
    return own != "" and own in [name.casefold() for name in names]


def _said(config: Config, article: JsonObject, at: datetime) -> SaidThere | None:
    """None for internal notes, automatic replies, and what we wrote."""
    sender = SENDERS.get(text(article, "sender"))
    if sender is None or dig(article, "internal") is not False or not _id(article):
        return None
    if _is_own(config, article, "created_by"):
        return None
    body = text(article, "body")
    return SaidThere(
        id=_id(article),
        sender=sender,
        text=plain(body) if text(article, "content_type") == "text/html" else body,
        at=moment(article, "created_at") or at,
        author=_person(article, "created_by"),
    )


# their API


def _whole(config: Config, api: Api, ticket: JsonObject) -> Change:
    """A ticket of the API with its people, tags and articles, each of which is a call of its own."""
    ended = ENDED.get(text(ticket, "state"))
    for role in ("customer", "owner"):
        if (user := text(ticket, f"{role}_id")) not in ("", SYSTEM):
            ticket = ticket | {role: get_or_none(api, f"/api/v1/users/{quoted(user)}")}
    return _change(
        config,
        ticket,
        _articles(api, _id(ticket)),
        type=ended or ChangeType.STATUS,
        found_by=FoundBy.POLL,
        tags=tuple(_tags(api, _id(ticket))),
        language=text(ticket, "customer", "preferences", "locale"),
    )


def _articles(api: Api, ticket_id: str) -> list[JsonObject]:
    path = f"/api/v1/ticket_articles/by_ticket/{quoted(ticket_id)}"
    return objects(get_or_none(api, path, expand="true"))


def _tags(api: Api, ticket_id: str) -> list[str]:
    answer = get_or_none(api, "/api/v1/tags", object="Ticket", o_id=ticket_id)
    return [tag for tag in items(answer, "tags") if isinstance(tag, str)]


def _changed_since(api: Api, since: datetime, **paging: object) -> list[JsonObject]:
    """By a condition and not a query: those are answered by the database, queries by a search index that may
    be missing, and is behind (zammad: concerns/can_search.rb).
    """
    condition = "condition[ticket.updated_at]"
    asked: dict[str, object] = {
        f"{condition}[operator]": "after (absolute)",
        f"{condition}[value]": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "sort_by": "updated_at",
        "order_by": "desc",
        "expand": "true",
    }
    return objects(api.get("/api/v1/tickets/search", **asked, **paging))


def _write_fields(api: Api, rating: Rating) -> None:
    """Only attributes that the admin has made, and only what differs: every update runs triggers."""
    path = f"/api/v1/tickets/{quoted(rating.external_id)}"
    ticket = api.get(path)
    held = ticket if isinstance(ticket, dict) else {}
    changed = {
        name: value
        for name, value in rating.values.items()
        if name in held and held[name] != value and not (value is None and held[name] == "")
    }
    if changed:
        api.put(path, changed)


def _write_tag(api: Api, rating: Rating) -> None:
    """Tags are added and removed one by one."""
    held, (tag, other) = _tags(api, rating.external_id), rating.tags
    for item in rating.tags if rating.withdrawn else (other,):
        if item in held:
            removed = urlencode({"item": item, "object": "Ticket", "o_id": rating.external_id})
            api.delete(f"/api/v1/tags/remove?{removed}")
    if not rating.withdrawn and tag not in held:
        added = {"item": tag, "object": "Ticket", "o_id": int(rating.external_id)}
        api.post("/api/v1/tags/add", added)


def _write_note(api: Api, rating: Rating) -> str:
    """A note cannot be edited, and deleted by its author for ten minutes only (their setting): another one is
    written when the score changed side, unless an earlier try that was cut off has written it.
    """
    if rating.note_id and not rating.changed_side and not rating.withdrawn:
        return rating.note_id
    articles = _articles(api, rating.external_id)
    internal = [notes.Note(_id(one), text(one, "body")) for one in articles if dig(one, "internal") is True]
    if rating.withdrawn:
        return notes.write(
            rating,
            known=lambda: internal,
            edit=lambda note_id, _text: api.delete(f"/api/v1/ticket_articles/{quoted(note_id)}"),
            add=str,
        )
    newer = [note for note in internal if int(note.id or 0) > int(rating.note_id or 0)]
    written = [note.id for note in newer if note.text.split() == rating.line.split()]
    return written[-1] if written else _add_note(api, rating)


def _add_note(api: Api, rating: Rating) -> str:
    note = {
        "ticket_id": int(rating.external_id),
        "subject": rating.line.splitlines()[0],
        "body": rating.line,
        "content_type": "text/plain",
        "type": "note",
        "internal": True,
    }
    return text(api.post("/api/v1/ticket_articles", note), "id")
