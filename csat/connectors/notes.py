"""Our note among theirs: written, edited or blanked, and found again after a cut connection."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from csat.connectors.base import Rating
from csat.lib.outcomes import Never

WITHDRAWN = "CSAT rating withdrawn"  # what stands in a note of ours after erasure


@dataclass(frozen=True)
class Note:
    id: str
    text: str  # plain


def write(
    rating: Rating,
    *,
    known: Callable[[], Iterable[Note]],
    edit: Callable[[str, str], object],
    add: Callable[[str], str],
) -> str:
    """Bring our note to what the rating says; its id. `known` reads the notes that are there, oldest first.

    After a cut connection the note may be there without our knowing: then it is edited, not doubled. When the
    score changed side, the note we know of stays as it is and a second one is added.
    """
    if rating.withdrawn:
        return _blank(rating, known(), edit)
    note_id = rating.note_id
    if rating.changed_side or not note_id:
        note_id = find(rating, known())
    if not note_id:
        return add(rating.line)
    edit(note_id, rating.line)
    return note_id


def find(rating: Rating, known: Iterable[Note]) -> str:
    """The id of the note that is this rating's; "" when there is none yet."""
    ours = _ours(rating, known)
    if rating.changed_side:
        line = _words(rating.line)
        ours = [note for note in ours if line in _words(note.text)]
    return ours[-1].id if ours else ""


def _ours(rating: Rating, known: Iterable[Note]) -> list[Note]:
    """Those that lead to the rated conversation: only we write that address."""
    return [note for note in known if rating.url and rating.url in note.text]


def _blank(rating: Rating, known: Iterable[Note], edit: Callable[[str, str], object]) -> str:
    """All of ours, and a note that somebody deleted is as good as blank."""
    ids = [note.id for note in _ours(rating, known)]
    for note_id in dict.fromkeys([*ids, rating.note_id]):
        try:
            if note_id:
                edit(note_id, WITHDRAWN)
        except Never as error:
            if error.code not in {"404", "410"}:
                raise
    return rating.note_id


def _words(text: str) -> str:
    return " ".join(text.split())
