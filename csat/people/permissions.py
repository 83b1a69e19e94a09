"""Who may do what: one permission for each verb, asked by every door."""

from enum import StrEnum

from csat.people import roles


class Verb(StrEnum):
    WORK_ON_CONVERSATION = "work on a conversation"  # resolve, close, reopen, write, tag, assign
    REQUEST_SURVEY = "request a survey"
    COPY_LINK = "copy a rating link"  # of which conversations: link_handouts.refusal
    HANDLE_FOLLOW_UP = "handle a follow-up"
    RESTORE_ANSWER = "restore a quarantined answer"
    REVOKE_LINK = "revoke a link"
    STOP_SURVEYS = "stop a contact's surveys"
    ALLOW_SURVEYS = "allow a contact's surveys"
    ERASE_CONTACT = "erase a contact"
    TAKE_CONTACT_DATA = "take out a contact's data"
    EXPORT = "export"
    LIFT_SUPPRESSION = "lift a suppression"
    SWITCH_CHANNEL = "switch a channel"
    MANAGE_WEBHOOKS = "manage webhooks"
    MANAGE_WORKFLOWS = "manage workflows"
    MANAGE_API_KEYS = "manage API keys"
    MANAGE_CONNECTIONS = "manage connections"


LOWEST_ROLE = {
    Verb.WORK_ON_CONVERSATION: roles.AGENT,
    Verb.REQUEST_SURVEY: roles.AGENT,
    Verb.COPY_LINK: roles.AGENT,
    Verb.HANDLE_FOLLOW_UP: roles.AGENT,
    Verb.RESTORE_ANSWER: roles.MANAGER,
    Verb.REVOKE_LINK: roles.MANAGER,
    Verb.STOP_SURVEYS: roles.MANAGER,
    Verb.ALLOW_SURVEYS: roles.MANAGER,
    Verb.ERASE_CONTACT: roles.MANAGER,
    Verb.TAKE_CONTACT_DATA: roles.MANAGER,
    Verb.EXPORT: roles.MANAGER,
    Verb.LIFT_SUPPRESSION: roles.MANAGER,
    Verb.SWITCH_CHANNEL: roles.MANAGER,
    Verb.MANAGE_WEBHOOKS: roles.MANAGER,
    Verb.MANAGE_WORKFLOWS: roles.MANAGER,
    Verb.MANAGE_API_KEYS: roles.ADMIN,
    Verb.MANAGE_CONNECTIONS: roles.ADMIN,
}


def role_may(role: str | None, verb: Verb | None) -> bool:
    """Nobody may do what is no verb."""
    return verb in LOWEST_ROLE and roles.includes(role, LOWEST_ROLE[Verb(verb)])
