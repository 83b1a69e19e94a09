"""Log lines as they are written, from the records that a test caught."""

import logging
from collections.abc import Iterable

import structlog


def written(records: Iterable[logging.LogRecord]) -> list[str]:
    """By the formatter of the running process."""
    handlers = [handler.formatter for handler in logging.getLogger().handlers]
    [formatter] = [one for one in handlers if isinstance(one, structlog.stdlib.ProcessorFormatter)]
    return [formatter.format(record) for record in records]
