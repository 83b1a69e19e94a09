"""Providers whose signatures can be checked."""

from typing import Any

import pytest

from tests.api.callbacks import requests


@pytest.fixture(autouse=True)
def _configured(settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = requests.TWILIO_TOKEN
    settings.SLACK_SIGNING_SECRET = requests.SLACK_SECRET
