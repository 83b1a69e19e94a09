"""Only lists the rooms' models for Django to discover."""

from csat.channels.outbox import SandboxMessage
from csat.people.models import Agent, ApiKey, Contact, IdempotencyRecord, Organization, Suppression, Team
from csat.sessions.models import Handoff, HandoffReason, Participation, Session, Tag
from csat.surveys.models import Answer, ChannelSettings, CsatSettings, Delivery, FollowUp, Link, Score, Survey
from csat.timeline.models import Event, Heartbeat
from csat.webhooks.models import Call, Endpoint
from csat.workflows.models import Run, Step, Version, Workflow

__all__ = [
    "Agent",
    "Answer",
    "ApiKey",
    "Call",
    "ChannelSettings",
    "Contact",
    "CsatSettings",
    "Delivery",
    "Endpoint",
    "Event",
    "FollowUp",
    "Handoff",
    "HandoffReason",
    "Heartbeat",
    "IdempotencyRecord",
    "Link",
    "Organization",
    "Participation",
    "Run",
    "SandboxMessage",
    "Score",
    "Session",
    "Step",
    "Suppression",
    "Survey",
    "Tag",
    "Team",
    "Version",
    "Workflow",
]
