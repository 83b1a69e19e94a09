"""Who may do what: one permission for each verb, asked by every door. With which rows: `visibility`."""

from enum import StrEnum

from csat.people.roles import ADMIN, AGENT, ANALYST, MANAGER, TEAM_LEAD, Role


class Verb(StrEnum):
    READ_CONVERSATIONS = "read conversations and contacts"
    READ_REPORTS = "read reports"
    WRITE_CHART_NOTE = "write notes on the charts"  # of which teams: chart_notes.may_write
    READ_OWN_SCORES = "read one's own scores"
    READ_OUTBOX = "read the outbox"
    WORK_ON_CONVERSATION = "work on a conversation"  # resolve, close, reopen, write, tag, assign
    REQUEST_SURVEY = "request a survey"
    COPY_LINK = "copy a rating link"  # of which conversations: link_handouts.refusal
    SEE_WORKING_LINKS = "see working rating links"
    HANDLE_FOLLOW_UP = "handle a follow-up"
    RESTORE_ANSWER = "restore a quarantined answer"
    REVOKE_LINK = "revoke a link"
    STOP_SURVEYS = "stop a contact's surveys"
    ALLOW_SURVEYS = "allow a contact's surveys"
    ERASE_CONTACT = "erase a contact"
    TAKE_CONTACT_DATA = "take out a contact's data"
    EXPORT = "export"
    LIFT_SUPPRESSION = "lift a suppression"
    MANAGE_SETTINGS = "manage the settings"
    SWITCH_CHANNEL = "switch a channel"
    RESEND = "send again what was held up"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_WORKFLOWS = "manage workflows"
    MANAGE_API_KEYS = "manage API keys"
    READ_CONNECTIONS = "read connections"
    MANAGE_CONNECTIONS = "manage connections"
    IMPORT = "import files"
    MANAGE_BRANDS = "manage brands"
    MANAGE_THEMES = "manage themes"
    MANAGE_PEOPLE = "manage people"  # find and invite; whom: people/memberships.py
    CHANGE_PEOPLE = "change people"  # their role, teams, access
    READ_AUDIT = "read the audit log"
    READ_SYSTEM = "see how the system does"


STAFF = frozenset(Role.values)
WORKERS = frozenset({AGENT, TEAM_LEAD, MANAGER, ADMIN})
REPORTED_TO = frozenset({TEAM_LEAD, ANALYST, MANAGER, ADMIN})
MANAGERS = frozenset({MANAGER, ADMIN})
ADMINS = frozenset({ADMIN})
ROLES_OF = {
    Verb.READ_CONVERSATIONS: STAFF,
    Verb.READ_REPORTS: REPORTED_TO,
    Verb.WRITE_CHART_NOTE: frozenset({TEAM_LEAD}) | MANAGERS,
    Verb.READ_OWN_SCORES: frozenset({AGENT, TEAM_LEAD}),
    Verb.READ_OUTBOX: WORKERS,
    Verb.WORK_ON_CONVERSATION: WORKERS,
    Verb.REQUEST_SURVEY: WORKERS,
    Verb.COPY_LINK: WORKERS,
    Verb.SEE_WORKING_LINKS: MANAGERS,
    Verb.HANDLE_FOLLOW_UP: WORKERS,
    Verb.RESTORE_ANSWER: frozenset({TEAM_LEAD}) | MANAGERS,
    Verb.REVOKE_LINK: MANAGERS,
    Verb.STOP_SURVEYS: MANAGERS,
    Verb.ALLOW_SURVEYS: MANAGERS,
    Verb.ERASE_CONTACT: MANAGERS,
    Verb.TAKE_CONTACT_DATA: MANAGERS,
    Verb.EXPORT: REPORTED_TO,
    Verb.LIFT_SUPPRESSION: MANAGERS,
    Verb.MANAGE_SETTINGS: MANAGERS,
    Verb.SWITCH_CHANNEL: MANAGERS,
    Verb.RESEND: MANAGERS,
    Verb.MANAGE_WEBHOOKS: MANAGERS,
    Verb.MANAGE_WORKFLOWS: MANAGERS,
    Verb.MANAGE_API_KEYS: ADMINS,
    Verb.READ_CONNECTIONS: MANAGERS,
    Verb.MANAGE_CONNECTIONS: ADMINS,
    Verb.IMPORT: ADMINS,
    Verb.MANAGE_BRANDS: MANAGERS,
    Verb.MANAGE_THEMES: MANAGERS,
    Verb.MANAGE_PEOPLE: frozenset({TEAM_LEAD}) | ADMINS,
    Verb.CHANGE_PEOPLE: ADMINS,
    Verb.READ_AUDIT: ADMINS,
    Verb.READ_SYSTEM: ADMINS,
}


def role_may(role: str | None, verb: Verb | None) -> bool:
    """Nobody may do what is no verb."""
    return verb in ROLES_OF and role in ROLES_OF[Verb(verb)]


def verbs_of(role: str | None) -> dict[str, bool]:
    """Every verb by its name in small letters, as templates ask: `may.copy_link`."""
    return {verb.name.lower(): role_may(role, verb) for verb in Verb}
