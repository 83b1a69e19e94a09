"""What the demo is connected with, each by its real verbs: a workflow that has run, a webhook that this very
server takes, and a help desk whose events came in.
"""

import json
import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from csat.connectors import applying, connections, receiving
from csat.connectors import bodies as inbound_bodies
from csat.connectors.models import Connection, InboundEvent
from csat.lib import addresses
from csat.lib.types import JsonObject
from csat.management.demo.cast import Cast
from csat.people import demo, roles
from csat.scale import LOW_MAX
from csat.surveys.models import Score
from csat.timeline import dispatching
from csat.timeline.recording import Actor
from csat.webhooks import bodies as webhook_bodies
from csat.webhooks import endpoints
from csat.webhooks.models import Endpoint, WebhookAttempt
from csat.workflows import editing, running, triggers
from csat.workflows.models import Run, Trigger, Workflow

WORKFLOW = "Low score: tag it and leave a note"
BY_HAND = 2  # runs; one more follows from a rating of today
HELP_DESK = "Acme help desk"
HOOKED = ("csat.requested", "csat.score_submitted")


def begin() -> None:
    """Before anything happens in the demo's present, so that it hears of it."""
    maria = _actor(roles.MANAGER)
    workflow = editing.create(
        name=WORKFLOW,
        by=maria,
        trigger_type=Trigger.SCORE,
        trigger_constraints={"<": [{"var": "csat.score"}, LOW_MAX + 1]},
        blocks=[
            {"id": "tag", "type": "add_tag", "params": {"tag": "to-review"}},
            {
                "id": "note",
                "type": "note",
                "params": {"text": "{contact_name} rated {score}: “{comment}” Call back today."},
            },
        ],
    )
    editing.activate(workflow, by=maria)
    if receives_itself():
        endpoints.add(url=demo.hook_url(), events=HOOKED, description="Taken by this very server", by=maria)


def run() -> None:
    """What today's events set off; and two conversations on which a manager has it run."""
    _run_what_is_due()
    workflow, ran = Workflow.objects.get(name=WORKFLOW), Run.objects.values("session")
    low = Score.objects.filter(score__lte=LOW_MAX).exclude(session__in=ran).order_by("-submitted_at")
    for score in low.select_related("session")[:BY_HAND]:
        triggers.start_manually(workflow, score.session, by=_actor(roles.MANAGER))
    _run_what_is_due()


def _run_what_is_due() -> None:
    while dispatching.fan_out() + running.run_due():
        pass


def connect(cast: Cast) -> None:
    """A help desk tells of two conversations; one of them is resolved there, and so asked."""
    token = secrets.token_urlsafe(24)
    connection = connections.add(
        kind="generic",
        by=_actor(roles.ADMIN),
        name=HELP_DESK,
        secrets_given={"inbound": token},
        rules_given={"mapping": MAPPING},
    )
    address, english = connection.opened["address"], cast.customers["en"]
    for event, number, status, customer in (
        ("ticket.created", "D-1041", "open", english[6]),
        ("ticket.created", "D-1042", "open", english[8]),
        ("ticket.updated", "D-1042", "resolved", english[8]),
        ("ticket.viewed", "D-1041", "open", english[6]),
    ):
        body = {
            "event": event,
            "ticket": {"id": number, "status": status, "subject": "Question about an invoice"},
            "customer": {"email": customer.email, "name": customer.name},
            "agent": {"email": demo.SAM["email"]},
            "at": timezone.now().isoformat(),
        }
        headers = {"x-csat-token": token, "content-type": "application/json"}
        receiving.receive(
            connection.kind, address, headers, json.dumps(body).encode(), connection.inbound_url
        )
    applying.apply_due(connection.pk)


def remove() -> None:
    """By the names and the address that were given here."""
    Workflow.objects.filter(name=WORKFLOW).delete()
    hooks = Endpoint.objects.filter(url=demo.hook_url())
    webhook_bodies.delete_of(WebhookAttempt.objects.filter(endpoint__in=hooks))
    hooks.delete()
    desks = Connection.objects.filter(name=HELP_DESK, kind="generic")
    inbound_bodies.delete_of(InboundEvent.objects.filter(connection__in=desks))
    desks.delete()


def receives_itself() -> bool:
    """Whether webhooks may go to this server, as bin/run allows: the demo calls nobody else."""
    site = urlsplit(settings.SITE_URL)
    port = site.port or (443 if site.scheme == "https" else 80)
    return demo.on_this_machine() and addresses.is_allowed(site.hostname or "", port, settings.WEBHOOK_ALLOW)


def _actor(role: str) -> Actor:
    return roles.actor_of(User.objects.get(username=demo.LOGINS[role]))


MAPPING: JsonObject = {
    "event": {
        "path": "event",
        "values": {"ticket.created": "created", "ticket.updated": "status"},
    },
    "dedupe": ["event", "ticket.id", "at"],
    "rows": [
        {"to": "external_id", "path": "ticket.id", "required": True},
        {
            "to": "status",
            "path": "ticket.status",
            "map": {"open": "open", "resolved": "closed_resolved", "*": "open"},
        },
        {"to": "subject", "path": "ticket.subject"},
        {"to": "channel", "path": "ticket.channel", "default": "email"},
        {"to": "contact.email", "path": "customer.email", "transform": "lower"},
        {"to": "contact.name", "path": "customer.name"},
        {"to": "assignee.email", "path": "agent.email"},
        {"to": "occurred_at", "path": "at", "transform": "iso8601"},
    ],
}
