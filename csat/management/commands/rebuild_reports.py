"""manage.py rebuild_reports: count the rollup of the reports anew from the base rows, and check it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from csat.reports import counting


class Command(BaseCommand):
    help = "Counts the rollup of the reports anew from the base rows. Figures stay right meanwhile."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--check", action="store_true", help="only compare the rollup with the base rows; fails when they differ")

    def handle(self, *, check: bool, **_: Any) -> None:
        if not check:
            days = counting.start_over()
            counting.recount(seconds=float("inf"))
            self.stdout.write(f"{days} days counted")
        wrong = counting.compare()
        for one in wrong:
            self.stderr.write(f"{one['day']} {one['cell']}: rollup {one['rollup']}, base rows {one['base']}")
        if wrong:
            raise CommandError(f"{len(wrong)} cells differ from the base rows; they are counted anew within a minute.")
        if check:
            self.stdout.write("the rollup and the base rows are equal" if counting.zone_counted() else "nothing was counted yet")
