"""manage.py reencrypt_secrets: encrypt secrets of webhooks, connections and people with the first key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from csat.connectors import connections
from csat.people import second_factor
from csat.webhooks import endpoints


class Command(BaseCommand):
    help = (
        "Encrypts every stored secret with the first key of SECRETS_KEY: after a new key was put in front,"
        " and once after an upgrade from a version that kept webhook secrets unencrypted. Then the former"
        " key can go."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        webhooks, unreadable_webhooks = endpoints.reencrypt()
        helpdesks, unreadable_helpdesks = connections.reencrypt()
        factors, unreadable_factors = second_factor.reencrypt()
        self.stdout.write(
            f"Encrypted anew: {webhooks} webhooks, {helpdesks} connections, {factors} second factors."
        )
        if unreadable_webhooks or unreadable_helpdesks or unreadable_factors:
            raise CommandError(
                f"Unreadable, and left as they are: {unreadable_webhooks} webhooks,"
                f" {unreadable_helpdesks} connections, {unreadable_factors} second factors."
                " Put the key that encrypted them behind a comma of"
                " SECRETS_KEY, or give each a new secret."
            )
