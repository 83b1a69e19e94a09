"""Which rows of a file are new, update what is stored, or say nothing new."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from csat.imports.reading import PastConversation
from csat.sessions import creation
from csat.sessions.models import Session
from csat.surveys.models import Answer, Score


class Outcome(StrEnum):
    NEW = "new"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass
class Match:
    conversation: PastConversation
    outcome: Outcome
    session: Session | None = None  # the stored one


class Matcher:
    """Compares batch after batch with what is stored. A dry run stores nothing, so it keeps in mind (as
    hashes) what the batches before have added.
    """

    def __init__(self, *, dry_run: bool = False) -> None:
        self.dry_run = dry_run
        self.added: set[int] = set()

    def match(self, conversations: Sequence[PastConversation]) -> list[Match]:
        sessions = creation.find_many({conversation.external_id for conversation in conversations})
        ids = {session.pk: external_id for external_id, session in sessions.items()}
        settled = {ids[pk] for pk in _settled(ids)}
        known = set(sessions)
        answers = {(ids[pk], *answer) for pk, *answer in _answers(ids)}
        matches = []
        for conversation in conversations:
            outcome = self._outcome(conversation, known, settled, answers)
            matches.append(Match(conversation, outcome, sessions.get(conversation.external_id)))
        return matches

    def _outcome(
        self,
        conversation: PastConversation,
        known: set[str],
        settled: set[str],
        answers: set[tuple[object, ...]],
    ) -> Outcome:
        name, answer = conversation.external_id, conversation.answer
        is_new = name not in known and hash(name) not in self.added
        is_said = conversation.score is None or answer in answers or hash(answer) in self.added
        known.add(name)
        answers.add(answer)
        if self.dry_run:
            self.added |= {hash(name), hash(answer)}
        if is_new:
            return Outcome.NEW
        return Outcome.UNCHANGED if is_said or name in settled else Outcome.UPDATED


def _settled(session_ids: dict[int, str]) -> set[int]:
    """Sessions that no file changes: their contact was erased, or the customer has rated here."""
    erased = Session.objects.filter(pk__in=session_ids, contact__erased_at__isnull=False)
    rated_here = Score.objects.filter(session__in=session_ids, imported=False)
    return {*erased.values_list("pk", flat=True), *rated_here.values_list("session", flat=True)}


def _answers(session_ids: dict[int, str]) -> list[tuple[int, datetime, int, str]]:
    rows = Answer.objects.filter(survey__session__in=session_ids).order_by()
    return list(rows.values_list("survey__session", "created_at", "score", "comment"))
