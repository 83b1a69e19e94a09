"""Taking the demo out again: its people and all that was said with them, and nothing else."""

from itertools import islice

from django.db import transaction
from django.db.models import Q, QuerySet

from csat.channels import privacy
from csat.management.demo import integrations
from csat.management.demo.cast import AI, CUSTOMERS, TEAM
from csat.people import demo
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Agent, Contact, Team
from csat.sessions.models import Participation, Session
from csat.surveys.models import CsatSettings, Score
from csat.surveys.removal import remove_sessions
from csat.surveys.rules import settings
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM

BATCH = 1000


def remove() -> tuple[int, int]:
    """How many customers and conversations are gone. The reports must be counted anew afterwards."""
    customers = Contact.objects.filter(_of_the_demo())
    sessions = iter(list(Session.objects.filter(contact__in=customers).values_list("pk", flat=True)))
    conversations = 0
    while batch := list(islice(sessions, BATCH)):
        with transaction.atomic():
            remove_sessions(batch)
        conversations += len(batch)
    with transaction.atomic():
        integrations.remove()
        people = _remove_customers(customers)
        _remove_team()
        _switch_off()
        if people:
            audit(SYSTEM, AuditAction.DEMO_REMOVED, after={"conversations": conversations})
    demo.forget_passwords()
    return people, conversations


def _of_the_demo() -> Q:
    """By the external ids that gather() gave; and the visitors of the chat page, who once had none."""
    given = [demo.VISITOR["external_id"]] + [
        f"demo-{language}-{index}"
        for language, (_zone, _area, names) in CUSTOMERS.items()
        for index in range(1, len(names) + 1)
    ]
    return Q(external_id__in=given) | Q(name=demo.VISITOR["name"], external_id=None, email="", phone="")


def _remove_customers(customers: QuerySet[Contact]) -> int:
    rows = list(customers)
    privacy.erase_addresses({address for row in rows for address in (row.email, row.phone)} - {""})
    Event.objects.filter(contact_id__in=[row.pk for row in rows]).delete()
    customers.delete()
    return len(rows)


def _remove_team() -> None:
    """The three logins; agents and teams only when no conversation of anybody else names them."""
    for user in demo.users():
        user.delete()
    idle = Agent.objects.filter(user=None).filter(
        Q(email__in=[*(email for _name, email, _team in TEAM), *map(demo.email, demo.NAMES)])
        | Q(name=AI, kind=Agent.Kind.AI)
    )
    for agent in idle:
        served = Q(assignee=agent) | Q(resolver=agent) | Q(last_human=agent) | Q(most_replies=agent)
        named = Session.objects.filter(served).exists() or Score.objects.filter(agent=agent).exists()
        if not named and not Participation.objects.filter(agent=agent).exists():
            agent.delete()
    for team in Team.objects.filter(name__in={team for _name, _email, team in TEAM}):
        if not Agent.objects.filter(team=team).exists() and not Session.objects.filter(team=team).exists():
            team.delete()


def _switch_off() -> None:
    """Nobody real is asked in the name of Acme."""
    if CsatSettings.current().brand_name == "Acme":
        default = CsatSettings._meta.get_field("brand_name").default
        settings.change(by=SYSTEM, auto_send=False, brand_name=default)
