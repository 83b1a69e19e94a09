"""Slack's Web API: posting into a thread, looking up by metadata, and presses on our buttons."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPException
from typing import Any
from urllib.parse import parse_qs, urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from csat.channels.base import (
    CANNOT_TELL,
    AddressField,
    CannotTell,
    Channel,
    EventType,
    Message,
    ProviderEvent,
    Receipt,
)
from csat.channels.kinds import Medium
from csat.channels.status import CONNECTED, MISCONFIGURED, SANDBOX, Status
from csat.channels.transports import sandbox
from csat.lib import correlation, http
from csat.lib.outcomes import Never, Outcome, Retry, Unknown

log = structlog.get_logger(__name__)
NAME = "slack"
SECONDS, LOOKING = 10, 5  # for a call that sends, for one that only asks
EVENT_TYPE = "csat_survey"  # of the metadata each message carries
ACTION = "csat_score_"  # of the five buttons: csat_score_1 ... csat_score_5
MODAL = "csat_comment"
ID = re.compile(
    r"[CDG][A-Z0-9]{6,}"
)  # of a conversation; chat.postMessage takes a name as well, reading methods do not
COMMENT = "csat_say_more"  # of the button that opens it
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
NEVER = {
    "channel_not_found", "not_in_channel", "is_archived", "msg_too_long", "no_text", "invalid_blocks",
    "invalid_blocks_format",
    "restricted_action", "restricted_action_thread_only_channel", "restricted_action_read_only_channel",
    "cannot_reply_to_message",
    "too_many_attachments", "duplicate_channel_not_found", "messages_tab_disabled", "thread_not_found",
    "metadata_too_large",
}  # fmt: skip
ACCOUNT = {
    "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope",
    "no_permission",
    "org_login_required", "ekm_access_denied", "access_denied", "not_allowed_token_type",
    "team_access_not_granted",
}  # fmt: skip
RETRY = {"ratelimited", "rate_limited"}


class BySlack(Channel):
    """A channel that speaks in a Slack thread."""

    medium = Medium.SLACK
    needs = "slack"
    source = "slack"
    pace = 1.0  # https://docs.slack.dev/apis/web-api/rate-limits: posting messages
    test_field = AddressField("text", _("Channel ID, such as C0123456789"))
    account_variables = "SLACK_BOT_TOKEN"

    def sandboxed(self) -> bool:
        return not configured()

    def status(self) -> Status:
        return status()

    def send(self, message: Message) -> Receipt:
        return send(message)

    def find(self, message: Message, since: datetime) -> Receipt | CannotTell | None:
        return find(message, since)

    def check_account(self) -> str:
        return test_token()

    def verify(self, headers: Mapping[str, str], body: bytes, url: str) -> bool:
        return verify(headers, body)

    def read(self, headers: Mapping[str, str], body: bytes, url: str = "") -> list[ProviderEvent]:
        return read(body)


def configured() -> bool:
    return bool(settings.SLACK_BOT_TOKEN)


def status() -> Status:
    where = urlsplit(settings.SLACK_API_BASE).netloc or "slack.com"
    if not configured():
        if settings.SLACK_SIGNING_SECRET:
            return Status(MISCONFIGURED, NAME, todo=gettext("Set SLACK_BOT_TOKEN too."))
        return Status(SANDBOX, sandbox.NAME, todo=gettext("Set SLACK_BOT_TOKEN and SLACK_SIGNING_SECRET."))
    if not settings.SLACK_SIGNING_SECRET:
        todo = gettext("Set SLACK_SIGNING_SECRET too; without it, clicks on the faces are rejected.")
        return Status(MISCONFIGURED, NAME, where, todo)
    return Status(CONNECTED, NAME, where)


def send(message: Message) -> Receipt:
    """Post one message into its thread. Raises the outcomes of lib.outcomes."""
    if not configured():
        return sandbox.send(message, medium=Medium.SLACK)
    payload = {"reference": message.reference, "survey_id": message.survey_id}
    given: dict[str, Any] = {"thread_ts": message.thread_ts, "blocks": list(message.blocks)}
    answer = call(
        "chat.postMessage",
        channel=message.to,
        text=message.text,
        metadata={"event_type": EVENT_TYPE, "event_payload": payload},
        unfurl_links=False,
        unfurl_media=False,
        **{name: value for name, value in given.items() if value},
    )
    receipt = Receipt(str(answer["ts"]), NAME, {"channel": answer["channel"], "ts": answer["ts"]})
    if elsewhere := _is_elsewhere(message, answer):
        raise _taken_back(elsewhere, receipt)
    return receipt


def test_token() -> str:
    """The workspace that took our app. https://docs.slack.dev/reference/methods/auth.test

    Raises the outcomes of lib.outcomes.
    """
    return str(call("auth.test", seconds=LOOKING).get("team", NAME))


def _is_elsewhere(message: Message, answer: Mapping[str, Any]) -> str:
    """Slack says ok to a reply whose thread is gone, and posts it for the whole channel to see: the error
    that it should have answered; empty where the post stands where it was asked for.
    """
    posted = answer.get("message")
    if message.thread_ts and posted is not None and posted.get("thread_ts") != message.thread_ts:
        return "thread_not_found"
    return "channel_not_found" if ID.fullmatch(message.to) and answer["channel"] != message.to else ""


def _taken_back(code: str, receipt: Receipt) -> Never:
    words = f"Slack posted it elsewhere ({code})"
    try:
        call("chat.delete", channel=receipt.raw["channel"], ts=receipt.provider_id)
    except Outcome as outcome:
        words += f", where it still stands: {outcome.text}"
        log.warning("a post outside its thread could not be deleted", error=outcome.text, code=outcome.code)
    return Never(words, code=code, raw=dict(receipt.raw))


def find(message: Message, since: datetime) -> Receipt | CannotTell | None:
    """The reply in the thread, or the message in the channel, that carries our reference.

    Where the thread is gone it stands in the channel: then it is taken back, and Never is raised.
    """
    if not configured():
        return sandbox.find(message)
    try:
        return _find(message, since)
    except Unknown as error:
        raise Retry(error.text, code=error.code, outage=error.outage) from error  # nothing was sent by asking
    except Never as error:
        if error.code == "thread_not_found" and message.thread_ts:
            in_channel = find(replace(message, thread_ts=""), since)
            if isinstance(in_channel, Receipt):
                raise _taken_back(error.code, in_channel) from error
        # without the history scope, or by a channel's name, nobody can tell; without the thread or the
        # channel it is not there
        return CANNOT_TELL if error.account or not ID.fullmatch(message.to) else None
    return None


def _find(message: Message, since: datetime) -> Receipt | None:
    for reply in _replies(message, since):
        if _is_ours(reply.get("metadata") or {}, message.reference):
            return Receipt(str(reply["ts"]), NAME, {"channel": message.to, "ts": reply["ts"]})
    return None


def _replies(message: Message, since: datetime) -> Iterator[dict[str, Any]]:
    fields: dict[str, Any] = {"channel": message.to, "oldest": f"{since.timestamp() - 120:.6f}", "limit": 200}
    fields |= {"ts": message.thread_ts} if message.thread_ts else {}
    method = "conversations.replies" if message.thread_ts else "conversations.history"
    while True:
        page = call(method, seconds=LOOKING, include_all_metadata=True, **fields)
        yield from page.get("messages", [])
        fields["cursor"] = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not fields["cursor"]:
            return


def _is_ours(metadata: Mapping[str, Any], reference: str) -> bool:
    return (
        metadata.get("event_type") == EVENT_TYPE
        and metadata.get("event_payload", {}).get("reference") == reference
    )


def call(method: str, *, seconds: float = 0, **fields: Any) -> dict[str, Any]:
    """One call of a Web API method, never repeated by the SDK. Raises the outcomes of lib.outcomes."""
    client = _client(seconds or SECONDS)
    with _outcomes():
        answer = (
            client.api_call(method, json=fields)
            if method in JSON_METHODS
            else client.api_call(method, data=fields)
        )
    return dict(answer.data)


JSON_METHODS = {
    "chat.postMessage",
    "chat.delete",
    "chat.update",
    "chat.postEphemeral",
    "views.open",
}  # reading methods take a form


def _client(seconds: float) -> Any:
    from slack_sdk import WebClient  # 0.35 s and 24 MB: only where it is used

    base = settings.SLACK_API_BASE or WebClient.BASE_URL
    # urllib beneath takes fractions of a second
    return WebClient(
        settings.SLACK_BOT_TOKEN,
        base_url=base,
        timeout=seconds,  # type: ignore[arg-type]
        retry_handlers=[],
        ssl=_tls(),
        headers=correlation.headers(),
    )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextmanager
def _outcomes() -> Iterator[None]:
    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        yield
    except SlackApiError as error:
        raise _of_answer(error.response) from error
    except SlackClientError as error:
        raise Never(f"not a valid request: {error}", code="bad_request") from error
    except (OSError, ValueError, HTTPException) as error:
        raise http.outcome_of(error) from error


def _of_answer(answer: Any) -> Outcome:
    status, data = answer.status_code, answer.data if isinstance(answer.data, dict) else {}
    word = str(data.get("error", ""))
    raw = {"error": word, "messages": (data.get("response_metadata") or {}).get("messages", [])}
    if status == 429 or word in RETRY:
        return Retry(
            "Slack asks us to slow down", code=word or "429", after=http.retry_after(answer.headers), raw=raw
        )
    if word in ACCOUNT or status in {401, 403}:
        return Never(f"Slack rejected our app: {word}", code=word, account=True, raw=raw)
    if word in NEVER:
        return Never(f"Slack rejected the message: {word}", code=word, raw=raw)
    if (
        status >= 500
        or word in {"internal_error", "fatal_error", "request_timeout", "service_unavailable"}
        or not word.isidentifier()
    ):
        words, code = f"Slack failed: {word or status}", word[:60] or str(status)
        return Unknown(words, code=code, raw=raw, outage=True)
    return Never(f"Slack rejected the message: {word}", code=word, raw=raw)


def verify(headers: Mapping[str, str], body: bytes) -> bool:
    """v0 signature over the raw body, at most five minutes old.
    https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    if not settings.SLACK_SIGNING_SECRET:
        return False
    from slack_sdk.signature import SignatureVerifier

    try:
        return bool(SignatureVerifier(settings.SLACK_SIGNING_SECRET).is_valid_request(body, dict(headers)))
    except (ValueError, TypeError, OverflowError):
        return False  # a timestamp that is no number, a body that is no text, a signature that is not ASCII


def read(body: bytes) -> list[ProviderEvent]:
    """An interaction: a press on a face, or the comment modal handed in; anything else gives []."""
    try:
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        reader = READERS[payload["type"]]
        return reader(payload)
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return []


def _presses(payload: dict[str, Any]) -> list[ProviderEvent]:
    ours = [
        action
        for action in payload["actions"]
        if action["action_id"].startswith(ACTION) or action["action_id"] == COMMENT
    ]
    return [_press(payload, action) for action in ours]


def _press(payload: dict[str, Any], action: dict[str, Any]) -> ProviderEvent:
    reference, survey_id, score = action["value"].split(":")
    return ProviderEvent(
        EventType.ASKED_TO_COMMENT if action["action_id"] == COMMENT else EventType.PRESSED,
        provider_id=payload.get("container", {}).get("message_ts", ""),
        reference=reference,
        survey_id=survey_id,
        medium=Medium.SLACK,
        address=payload.get("channel", {}).get("id", "")
        or payload.get("container", {}).get("channel_id", ""),
        score=_score(score),
        user=payload["user"]["id"],
        user_name=payload["user"].get("name") or payload["user"].get("username", ""),
        reply_url=payload.get("response_url", ""),
        at=datetime.now(UTC),
        event_id=f"{payload['user']['id']}:{action.get('action_ts', '')}",
        raw={**payload, "token": ""},
    )


def _score(text: str) -> int:
    if text not in {"1", "2", "3", "4", "5"}:
        raise ValueError(text)
    return int(text)


def _comments(payload: dict[str, Any]) -> list[ProviderEvent]:
    view = payload["view"]
    if view["callback_id"] != MODAL:
        return []
    about = json.loads(view["private_metadata"])
    state = view["state"]["values"]["comment"]["text"]
    return [
        ProviderEvent(
            EventType.COMMENTED,
            reference=about["reference"],
            survey_id=about.get("survey_id", ""),
            medium=Medium.SLACK,
            address=about.get("channel", ""),
            text=state.get("value") or "",
            user=payload["user"]["id"],
            at=datetime.now(UTC),
            event_id=view["id"],
            raw={**payload, "token": ""},
        )
    ]


READERS = {"block_actions": _presses, "view_submission": _comments}
