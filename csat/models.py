"""All models, imported so that Django finds them."""

from csat.channels.circuits import Circuit, SendCount
from csat.channels.outbox import SandboxMessage
from csat.connectors.models import (
    ConnectedMessage,
    Connection,
    ConversationOrigin,
    InboundEvent,
    WriteBack,
)
from csat.imports.models import Import, ImportedRow
from csat.lib.database_storage import StoredChunk, StoredFile
from csat.people.models import (
    Agent,
    ApiKey,
    Brand,
    Contact,
    IdempotencyRecord,
    Invitation,
    Organization,
    PersonalDataRead,
    Profile,
    Suppression,
    Team,
)
from csat.reports.models import ChartNote, DirtyDay, Export, Rollup, SavedView, Target
from csat.sessions.models import Handoff, HandoffReason, Participation, Session, Tag
from csat.subscriptions.models import Digest, DigestIssue, Share
from csat.surveys.models import Answer, ChannelSettings, CsatSettings, Delivery, FollowUp, Link, Score, Survey
from csat.timeline.models import Event, Heartbeat, WorkerProcess
from csat.webhooks.models import Endpoint, WebhookAttempt
from csat.workflows.models import Run, Step, Version, Workflow

__all__ = [
    "Agent",
    "Answer",
    "ApiKey",
    "Brand",
    "ChannelSettings",
    "ChartNote",
    "Circuit",
    "ConnectedMessage",
    "Connection",
    "Contact",
    "ConversationOrigin",
    "CsatSettings",
    "Delivery",
    "Digest",
    "DigestIssue",
    "DirtyDay",
    "Endpoint",
    "Event",
    "Export",
    "FollowUp",
    "Handoff",
    "HandoffReason",
    "Heartbeat",
    "IdempotencyRecord",
    "Import",
    "ImportedRow",
    "InboundEvent",
    "Invitation",
    "Link",
    "Organization",
    "Participation",
    "PersonalDataRead",
    "Profile",
    "Rollup",
    "Run",
    "SandboxMessage",
    "SavedView",
    "Score",
    "SendCount",
    "Session",
    "Share",
    "Step",
    "StoredChunk",
    "StoredFile",
    "Suppression",
    "Survey",
    "Tag",
    "Target",
    "Team",
    "Version",
    "WebhookAttempt",
    "WorkerProcess",
    "Workflow",
    "WriteBack",
]
