"""Taking conversations out altogether, with all that was asked, answered and recorded in them.

For what never was a customer's: practice, and the demo. A customer's conversation is erased, and stays in the
figures.
"""

from collections.abc import Collection

from django.db.models import QuerySet

from csat.channels import privacy
from csat.sessions.models import Session
from csat.signals import conversations_removed
from csat.surveys.models import Delivery, Score, Survey
from csat.timeline.models import Event


def remove_sessions(pks: Collection[int], *, events: QuerySet[Event] | None = None) -> None:
    """`events`: which of their events go, too, if not all. Call it inside a transaction."""
    conversations_removed.send(sender=Session, session_ids=list(pks))
    deliveries = Delivery.objects.filter(survey__session__in=pks).values_list("uuid", flat=True)
    privacy.erase_messages(str(uuid) for uuid in deliveries)
    (Event.objects.all() if events is None else events).filter(session_id__in=pks).delete()
    Score.objects.filter(session__in=pks).delete()
    Survey.objects.filter(session__in=pks).delete()
    Session.objects.filter(pk__in=pks).delete()
