from collections.abc import Iterator

import pytest

from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.kinds import EVENTS
from tests.webhooks.listening import Listener, listening


@pytest.fixture
def listener(settings) -> Iterator[Listener]:
    with listening() as one:
        settings.WEBHOOK_ALLOW = [one.address]
        yield one


@pytest.fixture
def endpoint(db, listener):
    return endpoints.add(url=listener.url, events=EVENTS, by=SYSTEM)
