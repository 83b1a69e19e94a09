"""The signals of the house.

Internal ones are sent with `send()` inside the transaction that made the change; their receivers are trivial
(a verb call that only writes rows). Public ones are sent with `send_robust()` after commit, for other apps in the same project.
"""

from django.dispatch import Signal

# internal
recorded = Signal()  # event: timeline.Event, just written
session_resolved = Signal()  # session: sessions.Session, event: timeline.Event, ask: bool (False = resolve without survey)
past_resolved = Signal()  # sessions: list[sessions.Session], imported as resolved over a day ago: nobody is asked
session_reopened = Signal()  # session: sessions.Session, event: timeline.Event
survey_changed = Signal()  # session_id: int, whose survey may count differently in reports though no fact is recorded of it
contact_erased = Signal()  # contact: people.Contact, event: timeline.Event
dispatching = Signal()  # event: timeline.Event, locked and about to be marked dispatched: make calls, runs, dirty cells

# public, after commit
csat_requested = Signal()  # event: timeline.Event of kind csat.requested
csat_submitted = Signal()  # event: timeline.Event of kind csat.submitted
