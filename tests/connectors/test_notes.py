"""Our note among theirs: one for each rating, whatever was cut off in between."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from csat.connectors import notes
from csat.connectors.base import Rating
from csat.connectors.notes import Note
from csat.lib.outcomes import Never

RATING = Rating(
    external_id="42",
    score=4,
    label="Good",
    comment="quick and friendly",
    at=datetime(2026, 11, 20, 12, 30, tzinfo=UTC),
    url="https://csat.example.com/inbox/7",
)
OLD = Note("1", 'CSAT 2/5 Bad - "slow"\nhttps://csat.example.com/inbox/7')
THEIRS = Note("2", "Please call her back")


class Desk:
    """A help desk's notes; `gone`: those that somebody deleted."""

    def __init__(self, *there: Note, gone: tuple[str, ...] = ()) -> None:
        self.there = {note.id: note.text for note in there}
        self.gone, self.asked = gone, 0

    def known(self) -> list[Note]:
        self.asked += 1
        return [Note(note_id, text) for note_id, text in self.there.items()]

    def edit(self, note_id: str, words: str) -> None:
        if note_id in self.gone:
            raise Never("404 Not Found", code="404")
        self.there[note_id] = words

    def add(self, words: str) -> str:
        self.there["9"] = words
        return "9"

    def write(self, rating: Rating) -> str:
        return notes.write(rating, known=self.known, edit=self.edit, add=self.add)


def test_the_first_score_is_a_new_note() -> None:
    desk = Desk(THEIRS)
    assert desk.write(RATING) == "9"
    assert desk.there == {"2": THEIRS.text, "9": RATING.line}


def test_a_changed_score_on_the_same_side_edits_the_note_we_know_of_and_asks_nothing() -> None:
    desk = Desk(OLD, THEIRS)
    assert desk.write(replace(RATING, note_id="1")) == "1"
    assert desk.there == {"1": RATING.line, "2": THEIRS.text}
    assert desk.asked == 0


def test_a_score_that_changed_side_gets_a_second_note_below_the_first() -> None:
    desk = Desk(OLD)
    assert desk.write(replace(RATING, note_id="1", changed_side=True)) == "9"
    assert desk.there == {"1": OLD.text, "9": RATING.line}


@pytest.mark.parametrize("known", ["", "1"])
def test_a_note_that_was_written_before_the_connection_was_cut_is_not_written_again(known: str) -> None:
    desk = Desk(OLD, Note("8", RATING.line.replace("\n", "  \n ")))
    assert desk.write(replace(RATING, note_id=known, changed_side=bool(known))) == "8"
    assert set(desk.there) == {"1", "8"}


def test_the_note_of_a_withdrawn_rating_and_every_older_one_of_ours_is_blanked() -> None:
    desk = Desk(OLD, THEIRS, Note("8", RATING.line))
    assert desk.write(replace(RATING, note_id="8", withdrawn=True)) == "8"
    assert desk.there == {"1": notes.WITHDRAWN, "2": THEIRS.text, "8": notes.WITHDRAWN}


def test_a_note_that_somebody_deleted_does_not_stop_a_withdrawal() -> None:
    desk = Desk(OLD, gone=("8",))
    assert desk.write(replace(RATING, note_id="8", withdrawn=True)) == "8"
    assert desk.there == {"1": notes.WITHDRAWN}


def test_nothing_is_added_for_a_withdrawn_rating_that_never_had_a_note() -> None:
    desk = Desk(THEIRS)
    assert desk.write(replace(RATING, withdrawn=True)) == ""
    assert desk.there == {"2": THEIRS.text}


def test_another_refusal_of_a_withdrawal_is_told() -> None:
    def refuse(note_id: str, words: str) -> None:
        raise Never("403 Forbidden", code="403")

    with pytest.raises(Never):
        notes.write(replace(RATING, note_id="1", withdrawn=True), known=list, edit=refuse, add=str)


def test_a_note_of_another_rating_is_not_ours_to_edit() -> None:
    other = Note("3", "CSAT 4/5 Good\nhttps://csat.example.com/inbox/8")
    assert notes.find(RATING, [other, THEIRS]) == ""
    assert notes.find(RATING, [OLD, other]) == "1"
