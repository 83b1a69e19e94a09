"""The signals of the house.

Internal ones are sent with `send()` inside the transaction that made the change; their receivers are trivial
(a verb call that only writes rows). Public ones are sent with `send_robust()` after commit, for other apps in
the same project.
"""

from django.dispatch import Signal

# internal
recorded = Signal()  # events: list[timeline.Event], those of sessions among the ones just written
sessions_resolved = (
    Signal()
)  # ends: list[sessions.resolving.End]: session, event, ask (False = resolve without survey)
past_resolved = (
    Signal()
)  # sessions: list[sessions.Session], imported as resolved over a day ago: nobody is asked
session_reopened = Signal()  # session: sessions.Session, event: timeline.Event
surveys_changed = (
    Signal()
)  # session_ids: list[int], whose surveys may count differently in reports though no fact is recorded of it
# contact: people.Contact, blanked; event: timeline.Event; addresses: list[str] that it had; each room erases
contact_erased = Signal()
contacts_moved = Signal()  # contacts: list[int], whose clock may be another by now
contact_data = Signal()  # contact: people.Contact; each room returns what it holds, by the names in the file
# session_ids: list[int], a batch; each room blanks the words it holds of them, and keeps the figures
words_expired = Signal()
# session_ids: list[int], taken out altogether; before they are deleted each room deletes what no key leads to
conversations_removed = Signal()
# session_id: int, contact_id: int, words: list[str], said with a rating; each room takes them out of what it
# keeps of the conversation
comment_withdrawn = Signal()
# user: User who goes, successor: User | None, by: timeline.Actor; each room answers what, and how many, it
# gave to the successor, or to nobody
work_handed_over = Signal()
# until: datetime, by when what was due in a restored database may have been done; each room gives it up.
# held_since: datetime, from which on nothing has gone out for sure; each room lets that go out
released = Signal()
circuit_changed = Signal()  # circuit: channels.circuits.Circuit, which has just opened or closed
dispatching = (
    Signal()
)  # events: list[timeline.Event], locked and marked dispatched in this transaction: make calls and runs

# public, after commit
csat_requested = Signal()  # event: timeline.Event of kind csat.requested
csat_submitted = Signal()  # event: timeline.Event of kind csat.submitted
