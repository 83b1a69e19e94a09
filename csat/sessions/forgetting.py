"""What an erased contact said and wrote leaves their sessions; who served, when and why stays."""

from django.utils import timezone

from csat.people.models import Contact
from csat.sessions.models import Handoff, Session
from csat.timeline import blanking
from csat.timeline.models import Event


def forget(contact: Contact) -> None:
    """Call it inside the erasure's transaction."""
    mine = Session.objects.filter(contact=contact)
    blanking.blank(Event.objects.filter(session_id__in=list(mine.values_list("pk", flat=True))).exclude(contact_id=contact.pk))
    Handoff.objects.filter(session__contact=contact).update(summary="", updated_at=timezone.now())
    mine.update(subject="", email_message_id="", slack_channel="", thread_ts="", custom_data={}, updated_at=timezone.now())
