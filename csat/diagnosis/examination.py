"""The whole examination: what is to be seen from here, then whoever must be asked, all at the same time."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextvars import copy_context

from django.db import DatabaseError, transaction
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from csat.diagnosis import configuration, database, machine, providers, sender, site, work
from csat.diagnosis.findings import Area, Finding, Level, warning

SECONDS = 20.0  # for all that is asked together: a mail server may take 18
Examiner = Callable[[], Iterable[Finding]]

WITHOUT_DATABASE: tuple[Examiner, ...] = (
    configuration.examine, machine.redis, machine.disk, machine.backup, machine.journal, providers.examine,
)  # fmt: skip
IN_DATABASE: tuple[Examiner, ...] = (
    database.examine, database.replicas, database.clocks,
    work.workers, work.queue, work.surveys, work.webhooks, work.connections,
)  # fmt: skip


def examine(*, ask: bool = True, seconds: float = SECONDS) -> list[Finding]:
    """Every finding, in the order of their areas.

    `ask`: also SITE_URL, the providers and DNS over the network, for at most so many seconds; without it
    only rows, files and Redis are read.
    """
    found = [finding for examiner in WITHOUT_DATABASE for finding in examiner()]
    answer = database.answers()
    found.append(answer)
    answers = answer.level == Level.OK
    if answers:
        for examiner in IN_DATABASE:
            found += _examined(examiner)
    if ask:
        found += _asked([site.examine, *providers.to_ask(), *(_senders() if answers else [])], seconds)
    areas = list(Area)
    return sorted(found, key=lambda finding: areas.index(finding.area))


def _examined(examiner: Examiner) -> list[Finding]:
    """What a database in disorder cannot answer is said, and stops nothing else."""
    try:
        with transaction.atomic():
            return list(examiner())
    except DatabaseError as trouble:
        text = _("%(what)s could not be examined: %(why)s")
        name = f"{examiner.__module__.rpartition('.')[2]}.{examiner.__name__}"
        why = {"what": name, "why": " ".join(str(trouble).split())}
        return [warning(Area.DATABASE, text % why, _("First mend what else is said of the database."))]


def _senders() -> list[Examiner]:
    try:
        with transaction.atomic():
            return list(sender.to_ask())
    except DatabaseError:  # said already
        return []


def _asked(examiners: list[Examiner], seconds: float) -> Iterator[Finding]:
    """Each in a thread of its own, in the reader's language and with the request's ids for the log; one that
    has no answer in time is left alone, and said.
    """
    pool = ThreadPoolExecutor(max_workers=len(examiners))
    language = get_language()
    futures = [pool.submit(copy_context().run, _all, examiner, language) for examiner in examiners]
    done, late = wait(futures, timeout=seconds)
    pool.shutdown(wait=False)
    for future in futures:
        if future in done:
            yield from future.result()
    if late:
        text = _("%(n)d of those that were asked did not answer within %(seconds)d s.")
        numbers = {"n": len(late), "seconds": seconds}
        yield warning(Area.PROVIDERS, text % numbers, _("Run manage.py doctor, which waits longer."))


def _all(examiner: Examiner, language: str | None) -> list[Finding]:
    with override(language):  # which Django keeps by thread
        return list(examiner())
