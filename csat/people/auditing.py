"""Who changed what, among the staff: kept on the timeline."""

from typing import Any

from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor, record


def audit(
    by: Actor,
    what: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    contact_id: int | None = None,
    session_id: int | None = None,
) -> Event:
    """Note a change of `what`; call it inside the transaction of the change."""
    return record(Kind.AUDIT, by=by, contact_id=contact_id, session_id=session_id, what=what, before=before or {}, after=after or {})
