"""manage.py welcome: the address, with its one-time code, at which the first account is made."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.lib.refusal import Missing
from csat.people import break_glass, first_run


class Command(BaseCommand):
    help = "Print the address, with its one-time code, at which the first account is made in the browser."

    def add_arguments(self, parser: CommandParser) -> None:
        about = "print a link that logs a superuser in, once, within ten minutes"
        parser.add_argument("--break-glass", action="store_true", help=about)
        parser.add_argument("--user", default="", help="its username, with --break-glass; else the first one")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["break_glass"]:
            self._break_glass(options["user"])
        elif first_run.is_open():
            self.stdout.write(first_run.link())
        else:
            self.stdout.write(
                "Somebody has an account already, so the code opens nothing:"
                " log in, or let an admin invite you under Settings > People."
            )

    def _break_glass(self, username: str) -> None:
        try:
            self.stdout.write(break_glass.make_link(username))
        except Missing as missing:
            raise CommandError(missing.message) from missing
