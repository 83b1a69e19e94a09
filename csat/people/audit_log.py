"""The audit log: what staff and their machines did, who, from where, kept on the timeline."""

from dataclasses import replace
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from csat.lib import client_address
from csat.lib.types import JsonObject
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.models import PersonalDataRead
from csat.people.permissions import Verb, role_may
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.payloads import Audited
from csat.timeline.recording import Actor, record


def audit(
    by: Actor,
    what: AuditAction,
    *,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
    target: Model | None = None,
    contact_id: int | None = None,
    session_id: int | None = None,
) -> Event:
    """Record what was done; call it inside the transaction of the change.

    Staff are named by their account, which a display name might belie. `before` and `after` go out by
    webhook: no words of customers stand there. `target` is the row it was done to; with `session_id` it also
    stands on the page of that conversation.
    """
    if by.user_id:
        by = replace(by, id=f"user:{by.user_id}", name=by.username)
    entry = Audited(what=str(what), before=before or {}, after=after or {})
    if target is not None:
        entry["target"] = name_of(target)
    if address := client_address.current():
        entry["client_address"] = address
    return record(Kind.AUDIT, by=by, contact_id=contact_id, session_id=session_id, **entry)


def name_of(row: Model) -> str:
    """`endpoint:<uuid>`, `user:5`: how a row is named whose own name may change."""
    return f"{row._meta.model_name}:{getattr(row, 'uuid', None) or row.pk}"


def may_read(by: Actor) -> bool:
    """Whether this actor may see the audit log and send it elsewhere: an admin, or somebody in the shell."""
    if by.user_id is None:
        return by.kind == ActorKind.SYSTEM
    return role_may(roles.role_of(User.objects.get(pk=by.user_id)), Verb.READ_AUDIT)


@transaction.atomic
def read_by(user: User, row: Model, *, contact_id: int | None = None) -> bool:
    """Record that this person looked at somebody's data; False when they did within this hour already."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    subject = name_of(row)
    _row, first = PersonalDataRead.objects.get_or_create(user_id=user.pk, subject=subject, hour=hour)
    if first:
        by = Actor(ActorKind.AGENT, user_id=user.pk, username=user.get_username())
        audit(by, AuditAction.DATA_READ, target=row, contact_id=contact_id)
    return first


def forget_reads() -> int:
    """Delete what `read_by` remembers of the hours before the last; what the audit log says stays."""
    old = PersonalDataRead.objects.filter(hour__lt=timezone.now() - timedelta(hours=2))
    return old.delete()[0]
