"""Who opens a page with somebody's personal data is kept in the audit log."""

from django.db.models import Model

from csat.people.audit_log import read_by
from csat.web.access import StaffRequest


def keep_read(request: StaffRequest, row: Model, *, contact_id: int | None = None) -> None:
    """Call it where a page shows the row, and where an open page asks for it again by itself: a request only
    claims to be that. It is one entry an hour, and polls keep no login alive.
    """
    if request.method == "GET":
        read_by(request.user, row, contact_id=contact_id)
