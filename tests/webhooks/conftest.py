import pytest

from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints
from csat.webhooks.event_types import EVENTS


@pytest.fixture
def endpoint(db, listener):
    return endpoints.add(url=listener.url, events=EVENTS, by=SYSTEM)
