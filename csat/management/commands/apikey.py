"""manage.py apikey NAME: makes an API key and prints it, alone, on stdout."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from csat.lib.refusal import Invalid
from csat.management.shell import SHELL
from csat.people import keys

LONGEST = 3650  # days


class Command(BaseCommand):
    help = "Make an API key and print it. It is shown this once only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument(
            "--scopes",
            default=",".join(keys.SCOPES),
            help="resource:read or :write, comma-separated (default: all)",
        )
        parser.add_argument("--days", type=int, help="how long it works (default: for good)")
        parser.add_argument(
            "--from",
            dest="networks",
            action="append",
            default=[],
            metavar="NET",
            help="address or network it may be used from, such as 203.0.113.0/24; may be given several times",
        )

    def handle(
        self, *args: object, name: str, scopes: str, days: int | None, networks: list[str], **options: object
    ) -> None:
        if days is not None and not 1 <= days <= LONGEST:
            raise CommandError(f"--days takes 1 to {LONGEST}.")
        try:
            _row, key = keys.create(
                name,
                scopes=[scope.strip() for scope in scopes.split(",") if scope.strip()],
                expires_at=timezone.now() + timedelta(days=days) if days else None,
                from_networks=networks,
                by=SHELL,
            )
        except Invalid as refused:
            raise CommandError(refused.words) from None
        self.stdout.write(key)
