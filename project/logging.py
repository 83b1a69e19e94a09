"""JSON logs with request ids; link tokens and keys are filtered out of every line."""

import re
from typing import Any

import structlog

SECRET = re.compile(
    r"(?P<link>/(?:r|u|widget/(?:state|card))/)[A-Za-z0-9_-]+|(?P<key>csat_live_)[A-Za-z0-9]+"
    r"|(?P<slack>xox[a-z]-)[A-Za-z0-9-]+|(?P<webhook>whsec_)[A-Za-z0-9+/=]+"
)


def without_secrets(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Blank link tokens, API keys, Slack tokens and webhook secrets in every string of a log line."""
    return {key: SECRET.sub(_blanked, value) if isinstance(value, str) else value for key, value in event.items()}


def _blanked(found: re.Match[str]) -> str:
    return f"{found[found.lastgroup or 0]}…"


_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
structlog.configure(
    processors=[*_shared, structlog.stdlib.PositionalArgumentsFormatter(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)

LOGGING: dict[str, Any] = {
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
