"""manage.py alive NAME: whether this machine's cluster of that name works; for probes and watchdogs."""

import socket
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from csat.timeline import heartbeat


class Command(BaseCommand):
    help = (
        "Exits 0 when every cluster of workers of this name on this machine has shown a sign of life within"
        f" {heartbeat.STALE.seconds} seconds, and 1 when one hangs or none runs."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", choices=("surveys", "outward"))

    def handle(self, *, name: str, **_: Any) -> None:
        standing = heartbeat.standing(name, host=socket.gethostname())
        if standing.silent:
            row, now = standing.silent[0], timezone.now()
            seconds = (now - row.beat_at).seconds
            raise CommandError(f"{row}: no sign of life for {seconds} s. Restart it.")
        if not standing.fresh:
            raise CommandError(f"No cluster {name} has shown a sign of life on this machine.")
        self.stdout.write(f"{standing.fresh} of {name} at work")
