"""Writing scores back to the help desks: one row a revision, tried until it is written or finally refused."""

import random
import time
from datetime import timedelta
from functools import reduce
from operator import or_

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from csat import scale
from csat.connectors import connections
from csat.connectors.api_client import ApiClient
from csat.connectors.base import Rating
from csat.connectors.errors import CannotRead
from csat.connectors.models import Connection, ConversationOrigin, WriteBack
from csat.connectors.rules import Rules
from csat.jobs import Job, enqueue
from csat.lib.encryption import UnknownKey
from csat.lib.outcomes import Never, Outcome, Retry, Unknown
from csat.sessions.models import Session
from csat.surveys.models import CsatSettings, Score
from csat.timeline.kinds import Kind
from csat.timeline.models import Event

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=2)
BATCH = 50
SECONDS = 40  # after which no further score is begun
LONGEST = 86_400.0  # seconds that they may ask us to wait
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 600, 840, 1200, 1440))
State = WriteBack.State


def enqueue_for(events: list[Event], **_: object) -> int:
    """A row for each score of a connected conversation among these events; returns how many."""
    for event in events:
        if event.kind == Kind.CSAT_REOPENED and event.session_id:
            write_again(event.session_id)
    told = {event.session_id: event for event in events if event.kind == Kind.CSAT_SUBMITTED}
    if not told:
        return 0
    origins = ConversationOrigin.objects.filter(
        session__in=told, connection__in=Connection.objects.alive()
    ).select_related("connection")
    rows = [
        WriteBack(
            connection=origin.connection,
            session_id=origin.session_id,
            revision=told[origin.session_id].data["revision"],
        )
        for origin in origins
        if _writes(origin.connection)
    ]
    _write_again([told[row.session_id] for row in rows])
    WriteBack.objects.bulk_create(rows, ignore_conflicts=True)
    for pk in {row.connection_id for row in rows}:
        enqueue(Job.WRITE_BACK, pk)
    return len(rows)


def _write_again(events: list[Event]) -> None:
    """An answer that was the score before is it again (a later one was a scanner's, or this one came out of
    quarantine): its row is there, from before the event.
    """
    if not events:
        return
    before = [
        Q(session=event.session_id, revision=event.data["revision"], created_at__lt=event.at)
        for event in events
    ]
    rows = WriteBack.objects.filter(reduce(or_, before), withdrawn=False).exclude(state=State.PENDING)
    rows.update(state=State.PENDING, attempt=0, error="", next_try=timezone.now(), updated_at=timezone.now())


def write_again(session_id: int) -> bool:
    """Write the score that stands once more, with what has become of it since; False when nothing was
    written, or is to be.
    """
    rows = WriteBack.objects.filter(session=session_id, withdrawn=False, connection__deleted_at=None)
    row = rows.order_by("-revision").first()
    if row is None:
        return False
    now = timezone.now()
    row.change(state=State.PENDING, attempt=0, error="", next_try=max(now, row.lease_until or now))
    enqueue(Job.WRITE_BACK, row.connection_id)
    return True


def rewrite(session_id: int) -> bool:
    """The customer has withdrawn their words: what we wrote there is taken back, and the score alone written
    anew. False when nothing was written.
    """
    return withdraw(ConversationOrigin.objects.filter(session=session_id)) > 0


def withdraw(origins: QuerySet[ConversationOrigin]) -> int:
    """Take back what was written, or may have been, to these conversations; how many. What is being written
    at this moment is taken back when that is over.
    """
    tried = WriteBack.objects.filter(Q(uncertain=True) | Q(lease_until__isnull=False))
    tried = tried.filter(session__in=origins.values("session")).order_by(
        F("lease_until").asc(nulls_first=True)
    )
    leases = dict(tried.values_list("session", "lease_until"))
    now, written = timezone.now(), origins.filter(Q(session__in=leases) | Q(note_score__isnull=False))
    rows = [
        WriteBack(
            connection=origin.connection,
            session_id=origin.session_id,
            revision=0,
            withdrawn=True,
            next_try=max(now, leases.get(origin.session_id) or now),
        )
        for origin in written.filter(connection__in=Connection.objects.alive()).select_related("connection")
        if origin.connection.system.can("write_back")  # whatever its rules are now
    ]
    WriteBack.objects.bulk_create(rows, ignore_conflicts=True)
    for pk in {row.connection_id for row in rows}:
        enqueue(Job.WRITE_BACK, pk)
    return len(rows)


def write_due(pk: int) -> int:
    """Write what is due to one connection, in the order it was rated; how many were tried.

    Each row is claimed by a lease, so that several workers may run; a killed one's is taken up again.
    """
    connection = Connection.objects.active().filter(pk=pk).first()
    if connection is None:
        return 0
    try:
        writer = Writer(connection)
    except UnknownKey as error:
        connections.pause(connection, reason=str(error))
        return 0
    tried, stop = 0, time.monotonic() + SECONDS
    rows = list(due(connection)[:BATCH])
    with writer.client:
        for row in rows:
            if writer.is_away or time.monotonic() > stop:
                break
            if _claim(row):
                writer.write(row)
                tried += 1
    if not writer.is_away and due(connection).exists():
        enqueue(Job.WRITE_BACK, pk)
    return tried


def _claim(row: WriteBack) -> bool:
    """False when another worker has it. One that a killed worker had may have been written."""
    where = {"state": State.PENDING, "lease_until": row.lease_until}
    uncertain = row.uncertain or row.lease_until is not None
    return row.change(where=where, lease_until=timezone.now() + LEASE, uncertain=uncertain)


def retry(row: WriteBack) -> bool:
    """*Try again*, now and from the first try; False when it was written or replaced, or its connection is
    gone.
    """
    waiting = {"state__in": [State.PENDING, State.FAILED], "connection__deleted_at": None}
    if not row.change(where=waiting, state=State.PENDING, attempt=0, error="", next_try=timezone.now()):
        return False
    enqueue(Job.WRITE_BACK, row.connection_id)
    return True


def due(connection: Connection) -> QuerySet[WriteBack]:
    """Without the scores of conversations to which another worker is writing an earlier one."""
    now = timezone.now()
    busy = connection.write_backs.filter(lease_until__gte=now).values("session")
    waiting = connection.write_backs.filter(state=State.PENDING, next_try__lte=now).exclude(session__in=busy)
    return waiting.order_by("next_try", "id").select_related("session")


def wake_all() -> int:
    """Queue a job for every connection with something due, for the sweep of each minute."""
    now = timezone.now()
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    waiting = WriteBack.objects.filter(free, state=State.PENDING, next_try__lte=now)
    found = set(
        waiting.filter(connection__in=Connection.objects.active()).values_list("connection", flat=True)
    )
    for pk in found:
        enqueue(Job.WRITE_BACK, pk)
    return len(found)


def _writes(connection: Connection) -> bool:
    rules = Rules.of(connection.system, connection.rules)
    return connection.system.can("write_back") and (rules.note or rules.fields or rules.tag)


def _reopened_since(row: WriteBack, score: Score | None) -> bool:
    """Whether the customer has asked for another look since the score was written."""
    if score is None or row.withdrawn or score.reopened_at is None:
        return False
    told = row.written_at is not None and row.written_at >= score.reopened_at
    return score.reopened_at > score.submitted_at and not told


class Writer:
    """One connection's rules and sockets, while its rows are written."""

    def __init__(self, connection: Connection) -> None:
        self.connection, self.system, self.config = connection, connection.system, connection.config
        self.rules = Rules.of(self.system, connection.rules)
        self.client = ApiClient(self.system, self.config)
        self.comments_hidden = CsatSettings.current().comments_hidden_from_agents
        self.is_away = False  # their API does not answer: what is due waits

    def write(self, row: WriteBack) -> None:
        """Write one row, and keep what became of it."""
        origin = ConversationOrigin.objects.filter(session=row.session_id).first()  # as it is by now
        rating = self._rating(row, origin) if origin else None
        if origin is None or rating is None:  # erased meanwhile, or a newer revision is on its way
            row.change(state=State.REPLACED, lease_until=None)
            return
        try:
            if rating.reopened:
                self._reopen(rating)
            note_id = self.system.write_back(self.config, self.client, rating)
        except Outcome as trouble:
            self._failed(row, trouble)
        except CannotRead as error:  # its mapping cannot be used
            self._failed(row, Retry(str(error)))
        except Exception as error:
            log.error("a score could not be written back", write_back=str(row.uuid), exc_info=error)
            self._failed(row, Retry(_("Something went wrong with it here.")))
        else:
            self._written(row, origin, rating, note_id)

    def _reopen(self, rating: Rating) -> None:
        """Where they can; what a closed one refuses, the note has to do."""
        if not self.system.can("reopen"):
            return
        try:
            self.system.reopen(self.config, self.client, rating.external_id)
        except Never as refused:
            if refused.account:
                raise
            log.info("a conversation was not reopened there", code=refused.code)

    def _rating(self, row: WriteBack, origin: ConversationOrigin) -> Rating | None:
        score = Score.objects.filter(session=row.session_id).select_related("answer").first()
        if not row.withdrawn and (score is None or score.answer.revision > row.revision):
            return None
        number = score.score if score and not row.withdrawn else origin.note_score or scale.LOWEST
        before = origin.note_score
        changed_side = before is not None and scale.is_satisfied(before) != scale.is_satisfied(number)
        reopened = _reopened_since(row, score)
        return Rating(
            external_id=origin.external_id,
            score=number,
            label=scale.words(number)["label"],
            comment="" if row.withdrawn or self.comments_hidden or score is None else score.comment,
            at=score.submitted_at if score else timezone.now(),
            url=row.session.inbox_url,
            note_id=origin.note_id,
            changed_side=changed_side or reopened,
            reopened=reopened,
            note=self.rules.note or (row.withdrawn and bool(origin.note_id)),
            fields=self.rules.fields,
            tag=self.rules.tag,
            withdrawn=row.withdrawn,
            uncertain=row.uncertain,
        )

    def _written(self, row: WriteBack, origin: ConversationOrigin, rating: Rating, note_id: str) -> None:
        now = timezone.now()
        if row.withdrawn:
            self._taken_back(row, origin)
            return
        origin.change(note_id=(note_id or origin.note_id)[:100], note_score=rating.score)
        row.change(state=State.WRITTEN, written_at=now, lease_until=None, error="")
        Connection.objects.filter(pk=self.connection.pk).update(last_write_back_at=now)

    @transaction.atomic
    def _taken_back(self, row: WriteBack, origin: ConversationOrigin) -> None:
        """After an erasure the conversation there is forgotten; otherwise the score follows without words."""
        session = (
            Session.objects.select_for_update(of=("self",)).select_related("contact").get(pk=row.session_id)
        )
        if session.contact.erased_at:
            origin.delete()
            row.change(state=State.WRITTEN, written_at=timezone.now(), lease_until=None, error="")
            return
        origin.change(note_id="", note_score=None)
        row.delete()
        write_again(session.pk)

    def _failed(self, row: WriteBack, trouble: Outcome) -> None:
        if isinstance(trouble, Never) and trouble.account:
            reason = _("Their API refused the token: %(why)s") % {"why": trouble.text}
            connections.pause(self.connection, reason=reason)
            self.is_away = True
            row.change(lease_until=None)
            return
        self.is_away = trouble.outage
        final = isinstance(trouble, Never) or row.attempt >= len(RETRIES)
        after = trouble.after if isinstance(trouble, Retry) else None
        wait = (
            timedelta(seconds=min(after, LONGEST)) if after else RETRIES[min(row.attempt, len(RETRIES) - 1)]
        )
        row.change(
            state=State.FAILED if final else State.PENDING,
            attempt=row.attempt + 1,
            uncertain=row.uncertain or isinstance(trouble, Unknown),
            next_try=timezone.now() + wait * random.uniform(1, 1.1),  # noqa: S311
            lease_until=None,
            error=trouble.text[:500],
        )
        log.warning("a score was not written back", write_back=str(row.uuid), final=final, code=trouble.code)
