"""The audit log: what staff changed, kept on the timeline."""

from dataclasses import replace

from csat.lib.types import JsonObject
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited
from csat.timeline.recording import Actor, record


def audit(
    by: Actor,
    what: str,
    *,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
    contact_id: int | None = None,
    session_id: int | None = None,
) -> Event:
    """Record a change of `what`; call it inside the transaction of the change.

    Staff are named by their account, which a display name might belie.
    """
    if by.user_id:
        by = replace(by, id=f"user:{by.user_id}", name=by.username)
    change = Audited(what=what, before=before or {}, after=after or {})
    return record(Kind.AUDIT, by=by, contact_id=contact_id, session_id=session_id, **change)
