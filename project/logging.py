"""JSON logs with request ids; link tokens, keys and addresses of people are removed from every line."""

import re
from typing import Any

import structlog

from csat.lib.types import JsonObject

SECRET = re.compile(
    r"(?P<link>/(?:r|u|widget/(?:state|card)|connect/[a-z_-]+|invite|profile/email"
    r"|account/(?:break-glass|password/reset/key))/)[A-Za-z0-9_:-]+"
    r"|(?P<key>csat_live_)[A-Za-z0-9]+|(?P<slack>xox[a-z]-)[A-Za-z0-9-]+|(?P<webhook>whsec_)[A-Za-z0-9+/=]+"
)

# a provider's words often quote the address they are about, and no erasure reaches a log
ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+[1-9]\d{6,14}\b")


def without_addresses(_logger: object, _method: str, event: JsonObject) -> JsonObject:
    """Blank email addresses and phone numbers in every string of a log line."""
    return {
        key: ADDRESS.sub("(address)", value) if isinstance(value, str) else value
        for key, value in event.items()
    }


def without_secrets(_logger: object, _method: str, event: JsonObject) -> JsonObject:
    """Blank link tokens, API keys, Slack tokens and webhook secrets in every string of a log line."""
    return {key: blank_secrets(value) if isinstance(value, str) else value for key, value in event.items()}


def blank_secrets(text: str) -> str:
    return SECRET.sub(_blank, text)


def _blank(secret: re.Match[str]) -> str:
    return f"{secret[secret.lastgroup or 0]}…"


_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[
        *_shared,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: JsonObject = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": structlog.stdlib.ProcessorFormatter,
            "foreign_pre_chain": [*_shared, structlog.stdlib.PositionalArgumentsFormatter()],
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                without_secrets,
                without_addresses,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},  # LOG_LEVEL, when the settings are read
    "loggers": {
        "django_q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django-q": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "httpx": {"level": "WARNING"},
        "slack_sdk": {"level": "WARNING"},
        "twilio": {"level": "WARNING"},
    },
}
