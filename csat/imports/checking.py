"""The dry run: what an import would do, told before it does it. It stores no conversation."""

from collections import Counter

from csat.imports import progress, reading, rejects
from csat.imports.matching import Matcher, Outcome
from csat.imports.models import Import, ImportedRow


def check(source: Import) -> None:
    """Count what would be new, updated, unchanged and refused. Raises Invalid, and Stopped when cancelled."""
    counts, matcher, last = Counter[str](), Matcher(dry_run=True), 0
    source.rows.all().delete()
    for batch in reading.batches(source):
        counts.update(match.outcome.value for match in matcher.match(batch.conversations))
        counts["refused"] += len(batch.refused)
        last = batch.last
        add_refused(source, batch.refused)
        progress.advance(source, progress=last - 1, **figures(counts))
    rejects.write(source)
    progress.finish(source, Import.State.READY, total=max(last - 1, 0), **figures(counts))


def figures(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in (*Outcome, "refused")}


def add_refused(source: Import, refused: list[tuple[int, str]]) -> None:
    ImportedRow.objects.bulk_create(
        ImportedRow(source=source, number=number, outcome=ImportedRow.Outcome.REFUSED, reason=reason)
        for number, reason in refused
    )
