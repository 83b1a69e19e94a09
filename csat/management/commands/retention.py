"""manage.py retention [--dry-run]: take what is older than its days in the settings, or say what would go."""

from django.core.management.base import BaseCommand, CommandParser

from csat.management.shell import SHELL
from csat.surveys.rules import retention


class Command(BaseCommand):
    help = "Take what is older than its days in Settings → Retention, as every night."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="take nothing, only say how many rows")

    def handle(self, *, dry_run: bool, **_: object) -> None:
        if dry_run:
            for old in retention.dry_run():
                after = f"{old.count} after {old.days} days" if old.days else "kept for ever"
                self.stdout.write(f"{old.kind.name}: {after}")
            return
        gone = retention.run(seconds=float("inf"), by=SHELL)
        for name, count in gone.items():
            self.stdout.write(f"{name}: {count} gone")
        if not gone:
            self.stdout.write("nothing is older than it is kept")
