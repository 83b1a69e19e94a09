"""The refused rows of a file as a file: as they were, with the reason in a last column."""

import tempfile
from collections.abc import Iterator

from django.core.files import File
from django.utils.translation import gettext as _

from csat.imports import files
from csat.imports.files import Cells
from csat.imports.models import Import, ImportedRow
from csat.lib import csv_lines


def write(source: Import) -> None:
    """Store it beside the import, in place of an earlier one; none when no row was refused."""
    if source.rejects:
        source.rejects.delete(save=False)
    if not _refused(source):
        source.change(rejects="")
        return
    with tempfile.TemporaryFile("w+b") as file:
        file.writelines(line.encode() for line in csv_lines.lines(_rows(source)))
        file.seek(0)
        source.change(rejects=source.rejects.storage.save(f"imports/{source.uuid}-refused.csv", File(file)))


def _refused(source: Import) -> bool:
    return source.rows.filter(outcome=ImportedRow.Outcome.REFUSED).exists()


def _rows(source: Import) -> Iterator[Cells]:
    """The header, then every refused row; both are read in the order of their numbers."""
    refused = source.rows.filter(outcome=ImportedRow.Outcome.REFUSED).order_by("number")
    waiting = refused.values_list("number", "reason").iterator(chunk_size=2000)
    with files.rows(source.file) as numbered:
        _number, header = next(numbered)
        yield [*header, _("Reason")]
        number, reason = next(waiting)
        for found, cells in numbered:
            if found == number:
                padded = [*cells, *[""] * (len(header) - len(cells))]
                yield [*padded, reason]
                number, reason = next(waiting, (0, ""))
            if not number:
                return
