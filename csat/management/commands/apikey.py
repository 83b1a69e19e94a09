"""manage.py apikey NAME: makes an API key and prints it, alone, on stdout."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.lib.refusal import Invalid
from csat.people import keys


class Command(BaseCommand):
    help = "Make an API key and print it. It is shown this once only."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what the key is for")
        parser.add_argument(
            "--scopes",
            default=",".join(keys.SCOPES),
            help="resource:read or :write, comma-separated (default: all)",
        )

    def handle(self, *args: object, name: str, scopes: str, **options: object) -> None:
        try:
            _row, key = keys.create(
                name, scopes=[scope.strip() for scope in scopes.split(",") if scope.strip()]
            )
        except Invalid as refused:
            raise CommandError(refused.message) from None
        self.stdout.write(key)
