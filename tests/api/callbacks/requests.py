"""What providers send, signed as they sign it."""

import json
import time
from typing import Any
from urllib.parse import urlencode

from django.conf import settings as project
from django.test import Client
from slack_sdk.signature import SignatureVerifier
from twilio.request_validator import RequestValidator

from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Delivery
from csat.surveys.rules import settings
from tests.factories import API, make_resolved_session

TWILIO_TOKEN, SLACK_SECRET = "twilio-token", "slack-secret"


def sent(channel: str, **details: Any) -> Delivery:
    """A survey that went out to the sandbox on this channel."""
    settings.change(by=API, channels={channel: {"enabled": True}})
    project.TWILIO_AUTH_TOKEN = ""
    scheduling.request(make_resolved_session(channel, **details), origin="api", by=API)
    sending.send_due()
    project.TWILIO_AUTH_TOKEN = TWILIO_TOKEN
    return Delivery.objects.get()


def twilio(path: str, fields: dict[str, str], *, token: str = TWILIO_TOKEN) -> Any:
    signature = RequestValidator(token).compute_signature(f"{project.SITE_URL}{path}", fields)
    return Client(enforce_csrf_checks=True).post(
        path,
        urlencode(fields),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Twilio-Signature": signature},
    )


def status(delivery: Delivery, state: str, **fields: str) -> Any:
    told = {
        "MessageSid": "SM1",
        "MessageStatus": state,
        "To": delivery.address,
        "From": "+15005550006",
    } | fields
    return twilio(f"/callbacks/twilio/status?reference={delivery.uuid}", told)


def reply(delivery: Delivery, text: str, sid: str = "SM2", **fields: str) -> Any:
    return twilio(
        "/callbacks/twilio/inbound",
        {"MessageSid": sid, "From": delivery.address, "To": "+15005550006", "Body": text} | fields,
    )


def press(
    delivery: Delivery,
    score: int,
    *,
    secret: str = SLACK_SECRET,
    at: int | None = None,
    ts: str = "1.1",
    user: str = "U1",
) -> Any:
    action = {
        "action_id": f"csat_score_{score}",
        "value": f"{delivery.uuid}:{delivery.survey.uuid}:{score}",
        "action_ts": ts,
    }
    payload = {
        "type": "block_actions",
        "user": {"id": user},
        "actions": [action],
        "channel": {"id": delivery.address},
    }
    body = urlencode({"payload": json.dumps(payload)})
    stamp = str(at or int(time.time()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature or ""}
    return Client(enforce_csrf_checks=True).post(
        "/callbacks/slack/interactions",
        body,
        content_type="application/x-www-form-urlencoded",
        headers=headers,
    )
