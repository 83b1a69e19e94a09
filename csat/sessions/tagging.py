"""The tags of a session."""

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.lib.text import one_line
from csat.people.auditing import audit
from csat.sessions import words
from csat.sessions.models import Session, Tag
from csat.timeline.kinds import Kind
from csat.timeline.recording import Actor, fact, record_many


@transaction.atomic
def tag(session: Session, names: Iterable[str], *, by: Actor) -> list[str]:
    """Add these tags; the ones that were new, each of which is told."""
    wanted = tag_names(names)
    session.lock()
    new = [name for name in wanted if name not in set(session.tags.values_list("name", flat=True))]
    if new:
        Tag.objects.bulk_create(Tag(session=session, name=name) for name in new)
        session.change(updated_at=timezone.now())
        record_many([fact(Kind.SESSION_TAGGED, by=by, session_id=session.pk, contact_id=session.contact_id, tag=name) for name in new])
    return new


@transaction.atomic
def untag(session: Session, names: Iterable[str], *, by: Actor) -> bool:
    """Take these tags away; whether any was there."""
    gone = list(session.tags.filter(name__in=list(names)))
    if gone:
        Tag.objects.filter(pk__in=[one.pk for one in gone]).delete()
        session.change(updated_at=timezone.now())
        audit(by, "tags", before={"removed": [one.name for one in gone]}, session_id=session.pk, contact_id=session.contact_id)
    return bool(gone)


def replace_tags(session: Session, names: Iterable[str], *, by: Actor) -> None:
    """From now on it has these tags and no others."""
    wanted = tag_names(names)
    untag(session, [one.name for one in session.tags.all() if one.name not in wanted], by=by)
    tag(session, wanted, by=by)


def tag_names(names: Iterable[str]) -> list[str]:
    """One line each, no doubles, at most 80 characters. Raises Invalid."""
    cleaned = list(dict.fromkeys(one_line(name) for name in names))
    if any(len(name) > 80 for name in cleaned):
        raise words.wrong("tags", _("Give at most %(count)d characters.") % {"count": 80})
    return [name for name in cleaned if name]
