"""manage.py rebuild_reports: recount the rollup of the reports from the base rows, and verify it."""

from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.reports import rollup


class Command(BaseCommand):
    help = "Counts the rollup of the reports anew from the base rows. Figures stay right meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check",
            action="store_true",
            help="only compare the rollup with the base rows; fails when they differ",
        )

    def handle(self, *, check: bool, **_: object) -> None:
        if not check:
            days = rollup.recount_everything()
            rollup.recount(seconds=float("inf"))
            self.stdout.write(f"{days} days counted")
        differences = rollup.verify()
        for cell in differences:
            line = f"{cell['day']} {cell['cell']}: rollup {cell['rollup']}, base rows {cell['base']}"
            self.stderr.write(line)
        if differences:
            raise CommandError(
                f"{len(differences)} cells differ from the base rows; they are counted anew within a minute."
            )
        if check:
            equal = "the rollup and the base rows are equal"
            self.stdout.write(equal if rollup.zone_counted() else "nothing was counted yet")
