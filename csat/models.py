"""Only lists the rooms' models for Django to discover."""

from csat.channels.outbox import SandboxMessage
from csat.people.models import Agent, ApiKey, Contact, IdempotencyRecord, Organization, Suppression, Team
from csat.sessions.models import Handoff, HandoffReason, Participation, Session, Tag
from csat.surveys.models import Answer, ChannelSettings, CsatSettings, Delivery, FollowUp, Link, Score, Survey
from csat.timeline.models import Event, Heartbeat

__all__ = [
    "Agent",
    "Answer",
    "ApiKey",
    "ChannelSettings",
    "Contact",
    "CsatSettings",
    "Delivery",
    "Event",
    "FollowUp",
    "Handoff",
    "HandoffReason",
    "Heartbeat",
    "IdempotencyRecord",
    "Link",
    "Organization",
    "Participation",
    "SandboxMessage",
    "Score",
    "Session",
    "Suppression",
    "Survey",
    "Tag",
    "Team",
]
