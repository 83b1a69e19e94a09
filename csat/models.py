"""Only lists the rooms' models for Django to discover."""

from csat.channels.outbox import SandboxMessage
from csat.people.models import Agent, ApiKey, Contact, IdempotencyRecord, Organization, Suppression, Team
from csat.reports.models import Export, Mark, Rollup, SavedView
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
    "Export",
    "FollowUp",
    "Handoff",
    "HandoffReason",
    "Heartbeat",
    "IdempotencyRecord",
    "Link",
    "Mark",
    "Organization",
    "Participation",
    "Rollup",
    "Run",
    "SandboxMessage",
    "SavedView",
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
