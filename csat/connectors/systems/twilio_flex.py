"""Twilio Flex: TaskRouter's event callbacks and webhooks of Conversations, both forms; Event Streams as JSON.

Sources: twilio.com/docs on TaskRouter (event reference, Tasks, Events), Conversations webhooks, "Validating
requests"; [M] marks what is from memory. A conversation may pass through several tasks, so it is known by its
`conversationSid` or call, and is over when the last of its tasks is completed.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from csat.connectors.api import Api, get_or_none
from csat.connectors.base import Config, Rating, Step, System
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, FoundBy, Person, SaidThere
from csat.connectors.errors import BadSignature, CannotRead
from csat.connectors.payloads import Form, dig, items, moment, objects, parse_form, parse_json, text
from csat.connectors.signatures import check_hmac
from csat.lib.outcomes import Never
from csat.lib.types import JsonObject

EVENTS = {
    "task.created": ChangeType.CREATED,
    "task.updated": ChangeType.STATUS,
    "task.wrapup": ChangeType.STATUS,  # not the end: flex-plugins#937
    "task.completed": ChangeType.STATUS,
    "task.canceled": ChangeType.STATUS,
    "reservation.accepted": ChangeType.ASSIGNED,
    "onConversationAdded": ChangeType.CREATED,
    "onMessageAdded": ChangeType.MESSAGE,
    "onConversationStateUpdated": ChangeType.STATUS,
}
KEYS = ("conversationSid", "conversation_sid", "call_sid", "callSid", "channelSid")  # task attributes [M]
CHANNELS = {
    "web": "web", "chat": "web", "sms": "sms", "whatsapp": "whatsapp", "messenger": "messenger",
    "email": "email", "voice": "phone_voice",
}  # fmt: skip
UNFINISHED = ("pending", "reserved", "assigned", "wrapping")
OURS = ("csat_score", "csat_label", "csat_comment", "csat_at", "csat_url")
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


class TwilioFlex(System):
    kind = "twilio_flex"
    label = "Twilio Flex"
    resolved = ("completed", "closed")  # a task's, a conversation's
    unresolved = ("canceled",)
    inbound_secret = _("Auth token")
    api_token = _("Auth token, once more, for their API")
    token_user = _("Account SID")
    account = _("Workspace SID")
    needs_address = False
    default_address = "https://taskrouter.twilio.com"
    writes = ("fields",)
    steps = (
        Step(
            _(
                "In the Twilio Console, open TaskRouter, your workspace, Settings, and paste this address as "
                "the event callback URL."
            ),
            "url",
        ),
        Step(
            _(
                "Let it send these events: task created, updated, completed, canceled and wrapup, and "
                "reservation accepted."
            )
        ),
        Step(_("Enter the account SID, the auth token and the SID of the workspace here.")),
        Step(
            _(
                "For the texts, open Conversations, your service, Webhooks: paste the same address as "
                "post-event URL, with onConversationAdded, onMessageAdded and onConversationStateUpdated."
            ),
            "url",
        ),
        Step(
            _(
                "Remove the post-chat survey plugin and any survey in your Studio flow, or customers are "
                "asked twice."
            )
        ),
    )

    def verify(self, config: Config, headers: Mapping[str, str], raw: bytes, url: str) -> None:
        """HMAC-SHA1 of the address and the sorted fields. A JSON body is not a part of it: its hash stands in
        the address, as bodySHA256. Twilio may sign the address with or without a port.
        """
        given, refused = headers.get("x-twilio-signature", ""), None
        hashed = "".join(parse_qs(urlsplit(url).query).get("bodySHA256", []))
        if hashed and not hmac.compare_digest(
            hashed.encode(errors="replace"), hashlib.sha256(raw).hexdigest().encode()
        ):
            raise BadSignature("The body is not the one that was signed.")
        fields = "" if hashed else _fields(raw)
        for address in dict.fromkeys((url, _without_port(url))):
            signed = (address + fields).encode(errors="replace")
            try:
                return check_hmac(config.inbound_secrets, given, signed, algorithm="sha1", encoding="base64")
            except BadSignature as error:
                refused = error
        raise refused or BadSignature("The signature does not match.")

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Any:
        """Event Streams send JSON, everything else a form."""
        return parse_json(raw) if raw.lstrip()[:1] in (b"[", b"{") else parse_form(raw)

    def event_name(self, headers: Mapping[str, str], body: Any) -> str:
        return text(_events(body)[:1], 0, "EventType")

    def duplicate_key(self, headers: Mapping[str, str], body: Any, raw: bytes) -> str:
        """The sid of the event, or of the message; else the token that stays the same over retries."""
        sids = [text(event, "Sid") or text(event, "MessageSid") for event in _events(body)]
        return ",".join(sids) if all(sids) else headers.get("i-twilio-idempotency-token", "")

    def read(self, config: Config, headers: Mapping[str, str], body: Any, fetch: Api | None) -> list[Change]:
        """A conversation is not looked up again later, as TaskRouter drops tasks minutes after their end."""
        if not isinstance(body, dict | list):
            raise CannotRead("The body is neither a form nor a list of events.")
        return [_unless_another_runs(config, fetch, _change(config, event)) for event in _events(body)]

    def poll(self, config: Config, api: Api, since: datetime, cursor: str) -> tuple[list[Change], str]:
        """Completed tasks from TaskRouter's log of events, kept for 30 days; the cursor is the next page."""
        path = f"{_workspace(config)}/Events"
        if cursor.startswith(path):
            page = api.get(cursor)
        else:
            start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            page = api.get(path, EventType="task.completed", StartDate=start, PageSize=50)
        return [_unless_another_runs(config, api, one) for one in _logged(config, page)], _next(page, path)

    def latest(self, config: Config, api: Api) -> list[Change]:
        return _logged(
            config, api.get(f"{_workspace(config)}/Events", EventType="task.completed", PageSize=5)
        )

    def write_back(self, config: Config, api: Api, rating: Rating) -> str:
        """Attributes are replaced as a whole, so those that are there go along. Flex Insights reads `csat` of
        the attribute `conversations` [M].
        """
        tasks = _tasks(config, api, rating.external_id)
        if not tasks:
            raise Never("Its task is no longer there: Twilio drops tasks after their end.", code="404")
        if rating.fields:
            attributes = _attributes(tasks[-1].get("attributes"))
            body = Form(Attributes=json.dumps(_with_rating(attributes, rating)))
            api.post(f"{_workspace(config)}/Tasks/{_sid(text(tasks[-1], 'sid'))}", body)
        return ""

    def auth(self, config: Config) -> Mapping[str, str]:
        login = f"{config.token_user}:{config.token}".encode()
        return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}

    def set_up(self, config: Config, api: Api, url: str) -> str:
        """A workspace has one callback only: somebody else's is not replaced. It is signed with the token."""
        path = _workspace(config)
        before = text(api.get(path), "event_callback_url")
        if before and before != url:
            raise Never("The workspace sends its events to another address already.", code="taken")
        wanted = ",".join(name for name in EVENTS if "." in name)
        api.post(path, Form(EventCallbackUrl=url, EventsFilter=wanted))
        return config.token


def _change(config: Config, event: JsonObject) -> Change:
    """One event, with the names of TaskRouter's callbacks."""
    name, attributes = text(event, "EventType"), _attributes(event.get("TaskAttributes"))
    sids = [text(attributes, key) for key in KEYS]
    sids = [text(event, "ConversationSid"), *sids, text(event, "TaskSid")]
    external_id = next((sid for sid in sids if SID.fullmatch(sid)), "")
    at = next((at for key in ("TimestampMs", "Timestamp", "StateUpdated", "DateUpdated", "DateCreated")
               if (at := moment(event, key))), None)  # fmt: skip
    change = Change(external_id, at or timezone.now(), url="")
    known = name in EVENTS or name.startswith("task.transfer-")
    if not known:  # task.deleted too: TaskRouter clears away what was completed
        return replace(change, not_used=f"{name or 'an event without a name'} is not used")
    if not external_id:
        return replace(change, not_used="an event without a conversation, call or task")
    change = replace(change, type=EVENTS.get(name, ChangeType.ASSIGNED))
    if not name.startswith("on"):
        return _of_task(change, name, event, attributes)
    if name == "onMessageAdded":
        return _of_message(config, change, event)
    return replace(change, status=text(event, "StateTo"), closed_by=_closed_by(text(event, "Reason")))


def _unless_another_runs(config: Config, fetch: Api | None, change: Change) -> Change:
    """A transfer ends one task and starts another: then the state is the other's. Needs a token."""
    if fetch is None or change.status != "completed" or not change.external_id.startswith(("CH", "CA")):
        return change
    states = [text(task, "assignment_status") for task in _tasks(config, fetch, change.external_id)]
    running = [state for state in states if state in UNFINISHED]
    return replace(change, status=running[-1], closed_by=None) if running else change


def _of_task(change: Change, name: str, event: JsonObject, attributes: JsonObject) -> Change:
    kind = text(event, "TaskChannelUniqueName")
    if _is_survey(kind, attributes):
        return replace(change, their_survey=True)
    worker = _worker(event)
    closer = ClosedBy.HUMAN if worker else ClosedBy.AUTOMATIC
    channel, source_channel = _channel(attributes, kind)
    return replace(
        change,
        status=text(event, "TaskAssignmentStatus"),
        channel=channel,
        source_channel=source_channel,
        inbox_name=text(event, "TaskQueueName"),
        inbox=text(event, "TaskQueueSid") or text(event, "TaskQueueName"),
        customer=_customer(attributes),
        assignee=worker,
        language=text(attributes, "language"),
        tags=tuple(tag for tag in items(attributes, "tags") if isinstance(tag, str)) or None,
        actor=worker,
        closed_by=closer if name == "task.completed" else None,
        ours=name == "task.updated" and any(key in attributes for key in OURS),
    )


def _is_survey(kind: str, attributes: JsonObject) -> bool:
    """A task of the post-chat survey plugin [T]."""
    return kind == "survey" or attributes.get("isSurveyTask") is True


def _of_message(config: Config, change: Change, event: JsonObject) -> Change:
    """Webhooks do not tell customers from workers: only an address or a name in Flex's spelling does [M]."""
    author, words, sid = text(event, "Author"), text(event, "Body"), text(event, "MessageSid")
    sender = _sender(author)
    if config.own_user and author == config.own_user:
        return replace(change, ours=True)
    if not sender:
        return replace(change, not_used=f"who {author[:80] or 'wrote a message'} is cannot be told")
    person = None if sender == "contact" else Person(author, _spelled(author))
    if not (words and sid):
        return change
    return replace(change, messages=(SaidThere(sid, sender, words, change.at, person),), actor=person)


def _sender(author: str) -> str:
    """A number or the FX… of a web chat is a customer; an email, or one with _40 for its @, a worker [M]."""
    address = author.partition(":")[2] if author.startswith(("whatsapp:", "messenger:", "sms:")) else author
    if address != author or re.fullmatch(r"\+\d{5,15}", author) or re.fullmatch(r"FX[0-9A-Za-z]{8,}", author):
        return "contact"
    return "agent" if "@" in author or "_40" in author else ""


def _spelled(identity: str) -> str:
    """Flex writes sam_40example_2Ecom for sam@example.com."""
    return re.sub(r"_([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), identity)


def _closed_by(reason: str) -> ClosedBy | None:
    return ClosedBy.AUTOMATIC if reason.upper() == "TIMER" else None


def _channel(attributes: JsonObject, kind: str) -> tuple[str, str]:
    """`channelType` of the task; else where its address leads; else the task's own channel."""
    address = text(attributes, "customerAddress") or text(attributes, "from")
    prefix = address.partition(":")[0] if ":" in address else ""
    found = text(attributes, "channelType") or (prefix if prefix in CHANNELS else kind)
    return (CHANNELS.get(found.lower(), "api") if found else ""), "" if found.lower() in CHANNELS else found


def _customer(attributes: JsonObject) -> Customer | None:
    address = text(attributes, "customerAddress") or text(attributes, "from")
    prefix, _colon, bare = address.partition(":")
    address = bare if prefix in CHANNELS else address
    customer = Customer(
        email=address if "@" in address else text(attributes, "email"),
        phone=address if re.fullmatch(r"\+?[\d\s().-]{5,25}", address) else "",
        name=text(attributes, "customerName") or text(attributes, "name"),
        language=text(attributes, "language"),
    )
    return customer if customer != Customer() else None


def _worker(event: JsonObject) -> Person | None:
    attributes = _attributes(event.get("WorkerAttributes"))
    name, email = text(event, "WorkerName"), text(attributes, "email")
    if not (text(event, "WorkerSid") or name or email):
        return None
    email = email or (name if "@" in name else "")
    return Person(text(event, "WorkerSid"), text(attributes, "full_name") or name, email)


def _attributes(found: Any) -> JsonObject:
    """A JSON text in callbacks and in the API, an object in some of their logs."""
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except (ValueError, RecursionError):
            found = None
    return found if isinstance(found, dict) else {}


def _events(body: Any) -> list[JsonObject]:
    """A form is one event. Event Streams send a list of CloudEvents, the event in data.payload."""
    if isinstance(body, dict):
        return [body]
    wrapped = [dig(one, "data", "payload") or dig(one, "data") for one in items(body)]
    return [_in_capitals(one) if isinstance(one, dict) else {} for one in wrapped]


def _in_capitals(event: JsonObject) -> JsonObject:
    """task_sid, as streams and logs spell it, is TaskSid in callbacks."""
    named = {"".join(part[:1].upper() + part[1:] for part in key.split("_")): event[key] for key in event}
    return named | ({"EventType": named["Eventtype"]} if "Eventtype" in named else {})


def _tasks(config: Config, api: Api, external_id: str) -> list[JsonObject]:
    """All of a conversation's or call's tasks that are still there, oldest first; or the one task."""
    path = f"{_workspace(config)}/Tasks"
    if _sid(external_id).startswith("WT"):
        task = get_or_none(api, f"{path}/{external_id}")
        return [task] if isinstance(task, dict) else []
    key = "call_sid" if external_id.startswith("CA") else "conversationSid"
    found = objects(get_or_none(api, path, EvaluateTaskAttributes=f'{key} == "{external_id}"'), "tasks")
    found = [
        task
        for task in found
        if not _is_survey(text(task, "task_channel_unique_name"), _attributes(task.get("attributes")))
    ]
    return sorted(found, key=lambda task: moment(task, "date_created") or timezone.now())


def _logged(config: Config, page: Any) -> list[Change]:
    """Of TaskRouter's log: the event's data is an object with the same names in small letters."""
    changes = []
    for entry in objects(page, "events"):
        data = _in_capitals(_attributes(entry.get("event_data")))
        event = data | {"EventType": text(entry, "event_type"), "Timestamp": text(entry, "event_date")}
        event |= {"TimestampMs": dig(entry, "event_date_ms")}
        changes.append(replace(_change(config, event), found_by=FoundBy.POLL))
    return changes


def _with_rating(attributes: JsonObject, rating: Rating) -> JsonObject:
    kept = {key: value for key, value in attributes.items() if key not in OURS}
    insights = {key: value for key, value in _attributes(kept.get("conversations")).items() if key != "csat"}
    if not rating.withdrawn:
        kept |= {key: value for key, value in rating.values.items() if value is not None}
        insights["csat"] = rating.score
    return kept | ({"conversations": insights} if insights or "conversations" in kept else {})


def _next(page: Any, path: str) -> str:
    """The path of the next page; "" after the last, or when it leads elsewhere."""
    parts = text(page, "meta", "next_page_url").split("/", 3)
    following = f"/{parts[3]}" if len(parts) == 4 else ""
    return following if following.startswith(path) else ""


def _fields(raw: bytes) -> str:
    """The form's names and values as they are signed: by name, then value, each pair once."""
    pairs = parse_qsl(raw.decode(errors="replace"), keep_blank_values=True)
    return "".join(name + value for name, value in sorted(set(pairs)))


def _without_port(url: str) -> str:
    return re.sub(r"^(https?://[^/:?#]+):\d+", r"\1", url)


def _workspace(config: Config) -> str:
    return f"/v1/Workspaces/{_sid(config.account)}"


def _sid(value: str) -> str:
    """A sid for a path, so that a made-up one reaches nothing else of theirs."""
    if not SID.fullmatch(value):
        raise Never(f"{value[:40]!r} is no SID of Twilio's.", code="404")
    return value
