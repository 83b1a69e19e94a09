"""The tags of a session."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.text import one_line
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.erasure import refuse_erased
from csat.sessions import cleaning
from csat.sessions.models import Session, Tag
from csat.timeline.kinds import Kind
from csat.timeline.payloads import Tagged
from csat.timeline.recording import Actor, build_event, record_many


@transaction.atomic
def tag(session: Session, names: Iterable[str], *, by: Actor) -> list[str]:
    """Add these tags; returns the new ones, each with its event."""
    wanted = tag_names(names)
    session.lock()
    new = [name for name in wanted if name not in set(session.tags.values_list("name", flat=True))]
    if new:
        refuse_erased(session.contact)
        Tag.objects.bulk_create(Tag(session=session, name=name) for name in new)
        session.change(updated_at=timezone.now())
        record_many(
            [
                build_event(
                    Kind.SESSION_TAGGED,
                    by=by,
                    session_id=session.pk,
                    contact_id=session.contact_id,
                    **Tagged(tag=name),
                )
                for name in new
            ]
        )
    return new


@transaction.atomic
def untag(session: Session, names: Iterable[str], *, by: Actor) -> bool:
    """Remove these tags; False when the session had none of them."""
    removed = list(session.tags.filter(name__in=list(names)))
    if removed:
        Tag.objects.filter(pk__in=[row.pk for row in removed]).delete()
        session.change(updated_at=timezone.now())
        audit(
            by,
            AuditAction.CONVERSATION_UNTAGGED,
            before={"removed": [row.name for row in removed]},
            target=session,
            session_id=session.pk,
            contact_id=session.contact_id,
        )
    return bool(removed)


def replace_tags(session: Session, names: Iterable[str], *, by: Actor) -> None:
    """Give it these tags and no others."""
    wanted = tag_names(names)
    untag(session, [row.name for row in session.tags.all() if row.name not in wanted], by=by)
    tag(session, wanted, by=by)


def tag_names(names: Iterable[str]) -> list[str]:
    """One line each, without duplicates, at most 80 characters. Raises Invalid."""
    cleaned = list(dict.fromkeys(one_line(name) for name in names))
    if any(len(name) > 80 for name in cleaned):
        raise cleaning.invalid("tags", _("Give at most %(count)d characters.") % {"count": 80})
    return [name for name in cleaned if name]
