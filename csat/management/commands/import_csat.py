"""manage.py import_csat FILE --from KIND [--dry-run]: imports past conversations and ratings."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.files import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from csat.connectors.models import Connection
from csat.imports import columns, importing, scales
from csat.imports.models import Import
from csat.lib.refusal import Refused
from csat.lib.text import as_uuid
from csat.timeline.recording import SYSTEM

State = Import.State


class Command(BaseCommand):
    help = "Import past conversations and ratings from a CSV or XLSX file. Nobody is surveyed or told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--from", dest="kind", required=True, choices=Import.Kind.values, help="the tool")
        parser.add_argument("--dry-run", action="store_true", help="count only, store nothing")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            type=_column,
            metavar="FIELD=HEADER",
            help=f"a column that is not recognised by itself; fields: {', '.join(columns.FIELDS)}",
        )
        parser.add_argument(
            "--scale", choices=list(scales.SCALES), help="what they rated on (default: a guess)"
        )
        parser.add_argument("--connection", type=_connection, help="the id of the connection they belong to")
        parser.add_argument("--rejects", type=Path, help="write the refused rows here, with their reason")

    def handle(self, *args: Any, file: Path, kind: str, dry_run: bool, **options: Any) -> None:
        try:
            source = self._upload(file, kind, options)
            if dry_run:
                importing.check(source)
            else:
                importing.start(source, by=SYSTEM)
        except OSError as error:
            raise CommandError(f"{file}: {error.strerror}") from None
        except Refused as refused:
            raise CommandError(refused.words) from None
        self._finish(source, options["rejects"])
        if dry_run:
            importing.cancel(source.again())

    def _upload(self, path: Path, kind: str, options: dict[str, Any]) -> Import:
        chosen, scale = dict(options["column"]), options["scale"]
        with path.open("rb") as opened:
            file = File(opened, name=path.name)
            source = importing.upload(file, kind, by=SYSTEM, connection=options["connection"])
        if chosen or scale:
            importing.map_columns(source, chosen | ({"scale": scale} if scale else {}))
        return source

    def _finish(self, source: Import, rejects: Path | None) -> None:
        """The outward worker would take it as well; whoever is first has it."""
        importing.run(source.pk)
        source = source.again()
        if source.state == State.FAILED:
            raise CommandError(source.error)
        if source.is_working:
            self.stdout.write("A worker is importing it: see Settings → Connections → From a file.")
            return
        scale = scales.SCALES[source.mapping["scale"]].label
        self.stdout.write(", ".join(f"{count} {name}" for name, count in source.counts.items()))
        self.stdout.write(f"Scale: {scale}. Columns: {', '.join(source.mapping['columns'])}.")
        if rejects and source.rejects:
            rejects.write_bytes(source.rejects.read())


def _connection(text: str) -> UUID:
    uuid = as_uuid(text)
    if uuid is None or not Connection.objects.alive().filter(uuid=uuid).exists():
        raise ArgumentTypeError("there is no such connection")
    return uuid


def _column(text: str) -> tuple[str, str]:
    field, equals, header = text.partition("=")
    if not equals:
        raise ArgumentTypeError("write FIELD=HEADER")
    return field.strip(), header.strip()
