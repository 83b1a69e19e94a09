"""All models, imported so that Django finds them."""

from csat.channels.circuits import Circuit, SendCount
from csat.channels.outbox import SandboxMessage
from csat.connectors.models import (
    ConnectedMessage,
    Connection,
    ConversationOrigin,
    InboundBody,
    InboundEvent,
    WriteBack,
)
from csat.imports.models import Import, ImportedRow
from csat.lib.database_storage import StoredChunk, StoredFile
from csat.lib.latency import Latency
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
from csat.surveys.models import (
    Answer,
    ChannelSettings,
    CsatSettings,
    Delivery,
    FollowUp,
    Link,
    Score,
    StaffMessage,
    Survey,
)
from csat.themes.models import Recount, ScoreTheme, Theme, ThemeWords
from csat.timeline.models import Event, Heartbeat, WorkerProcess
from csat.webhooks.models import Endpoint, WebhookAttempt, WebhookBody
from csat.workflows.models import Run, Step, StepBody, Version, Workflow

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
    "InboundBody",
    "InboundEvent",
    "Invitation",
    "Latency",
    "Link",
    "Organization",
    "Participation",
    "PersonalDataRead",
    "Profile",
    "Recount",
    "Rollup",
    "Run",
    "SandboxMessage",
    "SavedView",
    "Score",
    "ScoreTheme",
    "SendCount",
    "Session",
    "Share",
    "StaffMessage",
    "Step",
    "StepBody",
    "StoredChunk",
    "StoredFile",
    "Suppression",
    "Survey",
    "Tag",
    "Target",
    "Team",
    "Theme",
    "ThemeWords",
    "Version",
    "WebhookAttempt",
    "WebhookBody",
    "WorkerProcess",
    "Workflow",
    "WriteBack",
]
