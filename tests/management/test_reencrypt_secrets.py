"""manage.py reencrypt_secrets: after a new key, or an upgrade from plain secrets."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.management import CommandError, call_command

from csat.connectors import connections
from csat.lib import encryption
from csat.timeline.recording import SYSTEM
from csat.webhooks import endpoints

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint():
    return endpoints.add(url="https://93.184.216.34/csat", events=["csat.requested"], by=SYSTEM)


@pytest.fixture
def connection():
    return connections.add(
        kind="chatwoot", base_url="https://93.184.216.34", secrets_given={"token": "theirs"}, by=SYSTEM
    )


def run() -> str:
    out = StringIO()
    call_command("reencrypt_secrets", stdout=out)
    return out.getvalue()


@pytest.fixture
def factor(agent_user):
    sealed = encryption.encrypt("ABCDEFGH", settings.SECRETS_KEYS)
    return Authenticator.objects.create(user=agent_user, type="totp", data={"secret": sealed})


def test_afterwards_the_new_key_alone_reads_everything(settings, endpoint, connection, factor):
    secret = endpoint.signing_secret
    settings.SECRETS_KEYS = ["the next key", *settings.SECRETS_KEYS]
    assert run() == "Encrypted anew: 1 webhooks, 1 connections, 1 second factors.\n"
    settings.SECRETS_KEYS = ["the next key"]
    assert endpoint.again().signing_secret == secret
    assert connection.again().opened["token"] == "theirs"
    factor.refresh_from_db()
    assert encryption.decrypt(factor.data["secret"], ["the next key"]) == "ABCDEFGH"


def test_what_cannot_be_read_is_counted_and_left_as_it_is(settings, endpoint, connection, factor):
    before = (endpoint.secret, connection.secrets, factor.data)
    settings.SECRETS_KEYS = ["another key"]
    with pytest.raises(CommandError, match="1 webhooks, 1 connections, 1 second factors"):
        run()
    factor.refresh_from_db()
    assert (endpoint.again().secret, connection.again().secrets, factor.data) == before
