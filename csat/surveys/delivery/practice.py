"""Practice: a conversation of a member of staff with themselves, asked by the real path, counted nowhere.

`Session.practice` says so; whoever counts, exports or publishes leaves it out.
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.lib.refusal import Missing, Refused
from csat.people import addresses, agents, contacts, roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Agent, Contact, Team
from csat.sessions import activity, intake, resolving
from csat.sessions.models import Session
from csat.surveys import gates
from csat.surveys.choices import Origin
from csat.surveys.delivery import scheduling
from csat.surveys.removal import remove_sessions
from csat.surveys.visibility import visible_teams
from csat.timeline.kinds import ActorKind, Kind
from csat.timeline.models import Event
from csat.timeline.recording import Actor

MADE_FOR_PRACTICE = {"practice": True}  # in the custom data of a contact who was made for it
PAUSE = timedelta(minutes=2)  # between two messages


@transaction.atomic
def begin(user: User) -> Session:
    """Talk with oneself by email, ask, and resolve it. Raises Refused when that cannot be sent."""
    if not user.email:
        raise Refused(_("Your account has no email address, to which the survey could be sent."))
    teams = visible_teams(user)
    if teams == ():
        raise Refused(_("You are in no team yet, and so would not see the conversation. Ask an admin."))
    by, agent = roles.actor_of(user), agents.agent_for_user(user)
    contact = _oneself(user)
    session = _talk(contact, agent, Team.objects.filter(pk__in=teams or ()).first(), by)
    survey = scheduling.request(session, origin=Origin.MANUAL, by=by)
    resolving.resolve(session, by=by)
    if gate := gates.deciding_gate(survey):
        raise Refused(_("Not sent: %(why)s.") % {"why": gate.text})
    audit(by, AuditAction.PRACTICE_MADE, target=session)
    return session


@transaction.atomic
def remove(session: Session, *, by: Actor) -> None:
    """It was never there, but for what the audit log says; nor was a contact who was made for it.

    Raises Missing for a conversation that is no practice.
    """
    if not session.practice:
        raise Missing(_("Only practice conversations can be removed."))
    contact = session.contact
    audit(by, AuditAction.PRACTICE_REMOVED, target=session)
    remove_sessions([session.pk], events=Event.objects.exclude(kind=Kind.AUDIT))
    made_for_it = contact.custom_data == MADE_FOR_PRACTICE
    if made_for_it and not Session.objects.filter(contact=contact).exists():
        Event.objects.filter(contact_id=contact.pk).exclude(kind=Kind.AUDIT).delete()
        contact.delete()


def made_by(user: User) -> Q:
    """The practice conversations that this person began."""
    agent = Agent.objects.filter(user=user).values_list("uuid", flat=True).first()
    begun = Event.objects.filter(session_id=OuterRef("pk"), kind=Kind.SESSION_CREATED, actor_id=str(agent))
    return Q(Exists(begun), practice=True)


def _oneself(user: User) -> Contact:
    """The contact who was made for this person's practice, or a new one. A customer is never taken for one:
    nobody writes to them, renames or rates them by practising with their address.
    """
    name = user.get_full_name() or user.get_username()
    known = Contact.objects.filter(email__in=addresses.spellings("email", user.email)).first()
    if known is None:
        known, is_new = contacts.find_or_create(email=user.email, name=name, custom_data=MADE_FOR_PRACTICE)
        if is_new:
            return known
    is_customer = Session.objects.filter(contact=known, practice=False).exists()
    if known.custom_data != MADE_FOR_PRACTICE or is_customer:
        raise Refused(_("A customer has your email address. Practise with an address that no customer has."))
    return known


def _talk(contact: Contact, agent: Agent, team: Team | None, by: Actor) -> Session:
    customer = Actor(ActorKind.CONTACT, str(contact.uuid), contact.name)
    lines = (
        ("contact", _("Hello, my order has not arrived yet. Can you find out where it is?")),
        ("agent", _("It is with the courier and comes today before noon.")),
        ("contact", _("Great, thank you!")),
    )
    began = timezone.now() - PAUSE * len(lines)
    session, _is_new = intake.start(
        contact=contact,
        channel=Channel.EMAIL,
        by=by,
        subject=_("Practice: where is my order?"),
        assignee=agent,
        team=team,
        created_at=began,
        practice=True,
    )
    for number, (sender, text) in enumerate(lines):
        activity.add_message(
            session,
            sender=sender,
            text=text,
            by=by if sender == "agent" else customer,
            agent=agent if sender == "agent" else None,
            sent_at=began + PAUSE * number,
        )
    return session
