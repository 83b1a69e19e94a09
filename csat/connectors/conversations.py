"""One change of theirs on our conversation: found or made, brought to the state they tell of.

State, not edges: the same change twice, late or out of order leaves what the newest one said, by their clock.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, Person, SaidThere
from csat.connectors.models import (
    ID_LENGTH,
    ConnectedMessage,
    Connection,
    ConversationOrigin,
    InboundEvent,
)
from csat.connectors.rules import AgentsBy, LanguageFrom, Rules
from csat.lib import advisory_lock
from csat.lib.refusal import Refused
from csat.lib.text import clean
from csat.lib.types import JsonObject
from csat.people import agents, contacts
from csat.people.details import Details
from csat.people.models import Agent, Contact
from csat.sessions import activity, creation, resolving, tagging
from csat.sessions.cleaning import MAX_BODY
from csat.sessions.drafts import Draft
from csat.sessions.models import Session
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor

CLOSURES = {
    ClosedBy.AI: Session.Closure.RESOLVED,
    ClosedBy.AUTOMATIC: Session.Closure.ASSUMED,
    ClosedBy.HANDED_OFF: Session.Closure.HANDED_OFF,
}
Outcome = InboundEvent.Outcome
AHEAD = timedelta(hours=1)  # so far their clock may be ahead of ours: the order of their events still holds


@dataclass(frozen=True)
class Applied:
    """What became of a change, in one sentence."""

    outcome: Outcome
    text: str
    session: Session | None = None
    erased: bool = False  # it is about somebody who was erased here: nothing of it may be kept


def resolves(connection: Connection, rules: Rules, change: Change) -> bool:
    """Whether applying it now would resolve a conversation, so that it is worth a look at how it stands."""
    if change.ours or change.not_used or not change.external_id:
        return False
    if rules.status_of(change) != Session.Status.RESOLVED:
        return False
    origin = _find(connection, change)
    if origin is None:
        return _may_ask(connection, _ended_at(change, is_new=True))
    return not _is_older(origin, change) and origin.session.status != Session.Status.RESOLVED


def apply(connection: Connection, rules: Rules, change: Change) -> Applied:
    """Bring our conversation to what `change` says. Raises Refused (with what is wrong) and changes nothing.

    Several may call it at once, the worker and the sweep of a connection for example: one after the other
    gets to a conversation, and each sees what the one before made of it.
    """
    try:
        return _apply(connection, rules, change)
    except IntegrityError:  # one that needs no such lock, an import for example, has just made it
        return _apply(connection, rules, change)


@transaction.atomic
def _apply(connection: Connection, rules: Rules, change: Change) -> Applied:
    if change.ours:
        return Applied(Outcome.IGNORED, _("Ignored: we wrote it ourselves."))
    if change.not_used:
        return Applied(Outcome.IGNORED, _("Not used: %(why)s") % {"why": change.not_used})
    if not change.external_id:  # else all of these would be one conversation
        return Applied(Outcome.IGNORED, _("Not used: it tells of no conversation."))
    if len(change.external_id) > ID_LENGTH:
        raise Refused(_("The id of its conversation is too long."))
    if not rules.counts(change):
        name = change.inbox_name or change.inbox
        return Applied(Outcome.IGNORED, _("Ignored: the inbox %(name)s does not count.") % {"name": name})
    by = Actor(ActorKind.INTEGRATION, str(connection.uuid), connection.name)
    advisory_lock.acquire([f"conversation {connection.uuid}:{change.external_id}"])
    origin, is_new = _find_or_create(connection, rules, change, by)
    if origin is None:
        return Applied(Outcome.IGNORED, _("Ignored: its customer was erased here."), erased=True)
    session = origin.session
    told = [_("New conversation #%(number)d") % {"number": session.pk}] if is_new else []
    told += _add_messages(origin, rules, change.messages, by)
    late = _is_older(origin, change)
    if not late:
        told += _update(origin, rules, change, by)
        told += _set_status(connection, origin, rules, change, by, is_new=is_new)
    if told:
        return Applied(Outcome.APPLIED, "; ".join(told)[:500], session)
    if late:
        return Applied(Outcome.IGNORED, _("Ignored: older than what is known of it."), session)
    return Applied(Outcome.DUPLICATE, _("Nothing new."), session)


def _find(connection: Connection, change: Change) -> ConversationOrigin | None:
    origins = ConversationOrigin.objects.select_related("session__contact", "session__assignee")
    return origins.filter(connection=connection, external_id=change.external_id).first()


def _find_or_create(
    connection: Connection, rules: Rules, change: Change, by: Actor
) -> tuple[ConversationOrigin | None, bool]:
    if origin := _find(connection, change):
        origin.session.contact.lock()  # before the session, as an erasure does: else one waits for the other
        return (None if origin.session.contact.erased_at else origin), False
    external_id = f"{connection.uuid}:{change.external_id}"
    session = creation.find(external_id)
    is_new = session is None
    if session is None:
        session = creation.create([_draft(connection, rules, change, external_id)], by=by)[0]
    elif session.contact.erased_at:
        return None, False
    else:  # of a file that was imported before
        session.change(connected=True)
    origin = ConversationOrigin.objects.create(
        session=session, connection=connection, external_id=change.external_id
    )
    return origin, is_new


def _draft(connection: Connection, rules: Rules, change: Change, external_id: str) -> Draft:
    custom_data = {"source_channel": change.source_channel[:200]} if change.source_channel else {}
    contact, left_out = _contact(connection, rules, change.customer or Customer())
    return Draft.from_input(
        contact,
        channel=rules.channel_of(change),
        external_id=external_id,
        subject=change.subject[:500],
        language=rules.language_of(change) or None,
        custom_data=custom_data,
        connected=True,
        **rules.brand_of(change),
        created_at=min(change.created_at or change.at, timezone.now()),
        left_out=left_out,
    )


def _contact(connection: Connection, rules: Rules, customer: Customer) -> tuple[Contact, list[str]]:
    given: JsonObject = {
        "email": customer.email or None,
        "phone": customer.phone or None,
        "name": customer.name[:200] or None,
        "language": (rules.language != LanguageFrom.NONE and customer.language) or None,
        "external_id": f"{connection.uuid}:{customer.external_id}"[:200] if customer.external_id else None,
    }
    details, left_out = Details.usable(**given)
    return contacts.find_or_create_many([details])[0][0], left_out


def _complete_contact(origin: ConversationOrigin, rules: Rules, change: Change) -> list[str]:
    """An address that was not told before: of the same contact, or of the one nobody had a name for."""
    session, customer = origin.session, change.customer
    known = session.contact
    if customer is None or ((known.email or not customer.email) and (known.phone or not customer.phone)):
        return []
    nobody = not (known.email or known.phone or known.external_id)
    if nobody and not Session.objects.filter(pk=session.pk, survey=None).exists():
        return [_("customer's address completed")] if _fill_in(known, customer) else []
    contact, _left_out = _contact(origin.connection, rules, customer)
    if contact.pk != known.pk and nobody:
        session.change(contact=contact)
    elif contact.pk != known.pk or (contact.email, contact.phone) == (known.email, known.phone):
        return []  # another customer, or an address that another one has already
    session.contact = contact
    return [_("customer's address completed")]


def _fill_in(nobody: Contact, customer: Customer) -> bool:
    """Whose survey is there cannot become another contact; False when another one has the address."""
    details, _left_out = Details.usable(email=customer.email, phone=customer.phone)
    given = {name: value for name in ("email", "phone") if (value := getattr(details, name))}
    try:
        contacts.change(nobody, **given)
    except Refused:
        return False
    return bool(given)


def _add_messages(
    origin: ConversationOrigin, rules: Rules, messages: tuple[SaidThere, ...], by: Actor
) -> list[str]:
    """Those that are new, in the order they were written."""
    said = {_kept_id(message.id): message for message in messages}
    known = set(origin.messages.filter(external_id__in=list(said)).values_list("external_id", flat=True))
    texts = {one: clean(message.text)[:MAX_BODY] for one, message in said.items() if one not in known}
    new = {one: message for one, message in said.items() if texts.get(one)}
    for one, message in sorted(new.items(), key=lambda pair: pair[1].at):
        activity.add_message(
            origin.session,
            sender=message.sender,
            text=texts[one],  # a long one is cut: the others, and what became of it, are not lost
            agent=_agent(rules, message.author) if message.author and message.sender != "contact" else None,
            sent_at=message.at,
            by=by,
        )
    ConnectedMessage.objects.bulk_create(ConnectedMessage(origin=origin, external_id=one) for one in new)
    text = ngettext("%(count)d new message", "%(count)d new messages", len(new))
    return [text % {"count": len(new)}] if new else []


def _kept_id(theirs: str) -> str:
    """What fits its column: a Message-ID of a mail, for example, can be 998 characters long."""
    return theirs if len(theirs) <= ID_LENGTH else hashlib.sha256(theirs.encode(errors="replace")).hexdigest()


def _update(origin: ConversationOrigin, rules: Rules, change: Change, by: Actor) -> list[str]:
    """Who has it, its tags and team: what they tell replaces what is known, but for tags, which are added."""
    session, told = origin.session, _complete_contact(origin, rules, change)
    if change.assignee and (agent := _agent(rules, change.assignee)) and agent != session.assignee:
        activity.assign(session, agent, by=by)
        told.append(_("assigned to %(name)s") % {"name": agent.name})
    fields: JsonObject = {}
    if change.team and (team := agents.find_or_create_team(change.team)) != session.team:
        fields["team"] = team
    if change.inbox and not session.brand_settled:  # its first event may have told no inbox
        fields |= rules.brand_of(change)
    if not session.language and (language := rules.language_of(change)):
        fields["language"] = language
    if fields:
        activity.update(session, by=by, **fields)
        told.append(_("details changed"))
    if change.tags and (new := tagging.tag(session, [tag[:80] for tag in change.tags], by=by)):
        told.append(_("tagged %(names)s") % {"names": ", ".join(new)})
    if change.their_survey and not session.barred:
        session.change(barred=Session.Barred.THEIR_SURVEY)
        told.append(_("their own survey is on: switch it off there, or customers are asked twice"))
    known: JsonObject = {
        "url": _web_address(change.url) or origin.url,
        "inbox": (change.inbox or origin.inbox)[:100],
    }
    if rules.status_of(change) is not None:
        now = timezone.now()  # a time that cannot be must not hold off what follows
        at = change.at if change.at < now + AHEAD else now
        known |= {"status": (change.status or change.type)[:60], "status_at": at}
    origin.change(**known)
    return told


def _web_address(url: str) -> str:
    """Only such a one becomes a link on our pages."""
    return url[:500] if url.startswith(("https://", "http://")) else ""


def _set_status(
    connection: Connection,
    origin: ConversationOrigin,
    rules: Rules,
    change: Change,
    by: Actor,
    *,
    is_new: bool,
) -> list[str]:
    session, status = origin.session, rules.status_of(change)
    if status is None or status == session.status:
        return []
    if status == Session.Status.OPEN:
        resolving.reopen(session, by=by)
        return [_("reopened")]
    if status == Session.Status.UNRESOLVED:
        resolving.close(session, by=by)
        return [_("closed unresolved")]
    closure = CLOSURES.get(change.closed_by) if change.closed_by else None
    values: JsonObject = {"ai_closure_type": closure} if closure != session.ai_closure_type else {}
    if is_new and change.type == ChangeType.CREATED and not session.customer_messages:
        values["barred"] = Session.Barred.MERGED_OR_SPAM  # closed before anybody wrote: a blocked contact
    if values:
        session.change(**values)
    at = _ended_at(change, is_new=is_new)
    ask = _may_ask(connection, at)
    resolving.resolve(session, by=by, ask=ask, at=min(at, timezone.now()))
    return [_("resolved") if ask else _("resolved before the connection, or over a day ago: nobody is asked")]


def _ended_at(change: Change, *, is_new: bool) -> datetime:
    """What is first seen at its end may have been so for long: a tag on an old one is no end of it."""
    return min(change.ended_at or change.at, change.at) if is_new else change.at


def _may_ask(connection: Connection, at: datetime) -> bool:
    """Nobody is asked about what was resolved before the connection was made, or over a day ago."""
    return at >= connection.connected_at and not resolving.is_past(at)


def _is_older(origin: ConversationOrigin, change: Change) -> bool:
    """Than what is known of it, by their clock."""
    return origin.status_at is not None and change.at < origin.status_at


def _agent(rules: Rules, person: Person) -> Agent | None:
    """The agent of this email or name; None for whoever has neither, and for the system. A bot has a name."""
    by_name = person.kind != Agent.Kind.HUMAN or rules.agents == AgentsBy.EMAIL_OR_NAME
    if person.kind not in Agent.Kind.values or not (person.email or (person.name and by_name)):
        return None
    try:
        return agents.find_or_create(name=person.name, email=person.email, kind=person.kind)
    except Refused:  # an address that is none
        named = person.name and by_name
        return agents.find_or_create(name=person.name, kind=person.kind) if named else None
