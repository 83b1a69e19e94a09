"""Signing by the Standard Webhooks rules: https://github.com/standard-webhooks/standard-webhooks"""

from collections.abc import Iterable
from datetime import datetime

from standardwebhooks import Webhook

from csat.webhooks.models import WebhookAttempt


def headers(attempt: WebhookAttempt, secrets: Iterable[str], now: datetime) -> dict[str, str]:
    """The headers of one request: the id stays the same on every retry, timestamp and signatures are new.

    `secrets`: the endpoint's `signing_secrets`, each of which signs.
    """
    signatures = [Webhook(secret).sign(attempt.message_id, now, attempt.content) for secret in secrets]
    return {
        "content-type": "application/json",
        "user-agent": "csat-webhooks/1",
        "webhook-id": attempt.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
