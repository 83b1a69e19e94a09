"""manage.py check_advisories [--file ZIP]: known holes of the packages in requirements.lock."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.lib import advisories
from csat.lib.advisories import Advisory, CannotAsk


class Command(BaseCommand):
    help = (
        "Asks the OSV database about every package of requirements.lock, and fails when one has a known hole."
        " The names and versions of packages are all that is sent."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default=advisories.OSV, help="a mirror of the database (default: %(default)s)"
        )
        parser.add_argument(
            "--file", type=Path, metavar="ZIP", help="OSV's export of PyPI, where there is no network"
        )
        parser.add_argument(
            "--lock", type=Path, default=settings.BASE_DIR / "requirements.lock", metavar="FILE"
        )

    def handle(self, *, url: str, file: Path | None, lock: Path, **options: Any) -> None:
        try:
            packages = advisories.locked_packages(lock)
            found = (
                advisories.read_export(packages, file)
                if file
                else advisories.ask(packages, base_url=url.rstrip("/"))
            )
        except (CannotAsk, OSError) as trouble:
            raise CommandError(f"Not checked. {trouble}") from trouble
        for advisory in found:
            self.stdout.write(_line(advisory))
        if found:
            packages_with_holes = {advisory.package for advisory in found}
            raise CommandError(f"{len(found)} known holes in {len(packages_with_holes)} packages.")
        self.stdout.write(f"No known holes in {len(packages)} packages.")


def _line(advisory: Advisory) -> str:
    names = ", ".join((advisory.id, *advisory.aliases))
    fixed = f"fixed in {', '.join(advisory.fixed_in)}" if advisory.fixed_in else "no fixed version is told"
    return f"{advisory.package} {advisory.version}: {names}: {advisory.summary or 'no summary'} ({fixed})"
