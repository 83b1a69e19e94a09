"""What staff and machines may do that the audit log keeps: one list, whose values are stored for ever.

A value is `<family>.<what happened>`; the webhook of it is `audit.<value>`.
"""

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AuditAction(TextChoices):
    # people and their logins
    LOGIN_SUCCEEDED = "login.succeeded", _("Logged in")
    LOGIN_FAILED = "login.failed", _("Login failed")
    LOGGED_OUT = "login.ended", _("Logged out")
    IDENTITY_CONFIRMED = "login.confirmed", _("Confirmed who they are")
    IDENTITY_NOT_CONFIRMED = "login.confirmation_failed", _("Could not confirm who they are")
    SESSION_ENDED = "login.session_ended", _("Login ended on another device")
    SIGN_ON_LINKED = "login.provider_linked", _("Single sign-on linked")
    SIGN_ON_UNLINKED = "login.provider_unlinked", _("Single sign-on unlinked")
    SIGN_ON_REFUSED = "login.provider_refused", _("Single sign-on refused")
    PASSWORD_CHANGED = "password.changed", _("Password changed")
    PASSWORD_SET = "password.set", _("Password set")
    PASSWORD_REMOVED = "password.removed", _("Password removed")
    PASSWORD_RESET_ASKED = "password.reset_asked", _("Password reset asked for")
    PASSWORD_RESET = "password.reset", _("Password reset")
    SECOND_FACTOR_ADDED = "second_factor.added", _("Second factor added")
    SECOND_FACTOR_REMOVED = "second_factor.removed", _("Second factor removed")
    SECOND_FACTOR_FAILED = "second_factor.failed", _("Second factor wrong")
    SECOND_FACTOR_REQUIRED = "second_factor.required", _("Roles that need a second factor changed")
    RECOVERY_CODES_MADE = "second_factor.recovery_codes_made", _("Recovery codes made")
    RECOVERY_CODE_USED = "second_factor.recovery_code_used", _("Recovery code used")
    PERSON_INVITED = "person.invited", _("Person invited")
    INVITATION_RESENT = "person.invitation_resent", _("Invitation sent again")
    INVITATION_REVOKED = "person.invitation_revoked", _("Invitation revoked")
    INVITATION_ACCEPTED = "person.invitation_accepted", _("Invitation accepted")
    PERSON_ADDED = "person.added", _("Person added")
    PERSON_CHANGED = "person.changed", _("Person changed")
    PERSON_REMOVED = "person.removed", _("Person removed")
    PERSON_DEACTIVATED = "person.deactivated", _("Person deactivated")
    PERSON_ACTIVATED = "person.activated", _("Person activated")
    PERSON_MAIL_REMOVED = "person.mail_removed", _("Mail address taken from a person")  # by migration 0013
    PROFILE_CHANGED = "person.profile_changed", _("Profile changed")
    ROLE_CHANGED = "role.changed", _("Role changed")
    TEAMS_CHANGED = "role.teams_changed", _("Teams changed")
    WORK_HANDED_OVER = "person.work_handed_over", _("Follow-ups or conversations handed over")
    INSTALLATION_WELCOMED = "installation.welcomed", _("First person made")
    BREAK_GLASS_MADE = "installation.break_glass_made", _("Break-glass link made")
    BREAK_GLASS_USED = "installation.break_glass_used", _("Break-glass link used")
    RESTORED = "installation.restored", _("Restored from a backup")
    CHECKLIST_DISMISSED = "installation.checklist_dismissed", _("Checklist of the first days put away")
    CHECKLIST_RESTORED = "installation.checklist_restored", _("Checklist of the first days brought back")
    DEMO_ADDED = "installation.demo_added", _("Demo added")
    DEMO_REMOVED = "installation.demo_removed", _("Demo removed")
    # personal data
    DATA_READ = "data.read", _("Personal data looked at")
    CONTACT_CHANGED = "contact.changed", _("Contact changed")
    CONTACT_ERASED = "contact.erased", _("Contact erased")
    CONTACT_DATA_TAKEN = "contact.data_taken", _("Data of a contact taken out")
    CONTACT_OPTED_OUT = "contact.opted_out", _("Surveys of a contact stopped")
    CONTACT_OPTED_IN = "contact.opted_in", _("Surveys of a contact allowed")
    SUPPRESSION_ADDED = "suppression.added", _("Address suppressed")
    SUPPRESSION_LIFTED = "suppression.lifted", _("Suppression lifted")
    EXPORT_MADE = "export.made", _("Export made")
    DIGEST_STARTED = "report.digest_started", _("Digest of a report started")
    DIGEST_CHANGED = "report.digest_changed", _("Digest of a report changed")
    DIGEST_STOPPED = "report.digest_stopped", _("Digest of a report stopped")
    REPORT_SHARED = "report.shared", _("Report shared by a link")
    SHARE_CHANGED = "report.share_changed", _("Link to a report changed")
    SHARE_REVOKED = "report.share_revoked", _("Link to a report revoked")
    TARGET_CHANGED = "report.target_changed", _("Target changed")
    CHART_NOTE_ADDED = "report.note_added", _("Note added to the charts")
    CHART_NOTE_CHANGED = "report.note_changed", _("Note on the charts changed")
    CHART_NOTE_REMOVED = "report.note_removed", _("Note removed from the charts")
    LINK_COPIED = "link.copied", _("Rating link copied")
    LINK_REVOKED = "link.revoked", _("Link revoked")
    # conversations and ratings
    CONVERSATION_CHANGED = "conversation.changed", _("Conversation changed")
    PRACTICE_MADE = "conversation.practice_made", _("Practice conversation made")
    PRACTICE_REMOVED = "conversation.practice_removed", _("Practice conversation removed")
    CONVERSATION_UNTAGGED = "conversation.untagged", _("Tag removed")
    ANSWER_RESTORED = "answer.restored", _("Quarantined answer restored")
    SURVEYS_RESENT = "survey.resent", _("Failed surveys sent again")
    TEST_MESSAGE_SENT = "survey.tested", _("Test message sent")
    # settings
    SETTINGS_CHANGED = "settings.changed", _("CSAT settings changed")
    RETENTION_RUN = "settings.retention_run", _("What was old has gone")
    SENDING_PAUSED = "sending.paused", _("Sending paused")
    SENDING_RESUMED = "sending.resumed", _("Sending resumed")
    PROVIDER_AWAY = "provider.away", _("Provider away")
    PROVIDER_BACK = "provider.back", _("Provider back")
    BRAND_ADDED = "brand.added", _("Brand added")
    BRAND_CHANGED = "brand.changed", _("Brand changed")
    BRAND_ARCHIVED = "brand.archived", _("Brand archived")
    BRAND_RESTORED = "brand.restored", _("Brand restored")
    THEME_CREATED = "theme.created", _("Theme added")
    THEME_CHANGED = "theme.changed", _("Theme changed")
    THEME_WORDS_CHANGED = "theme.words_changed", _("Words of a theme changed")
    THEME_MERGED = "theme.merged", _("Theme merged into another")
    THEME_REMOVED = "theme.removed", _("Theme removed")
    KEY_CREATED = "key.created", _("API key created")
    KEY_ROTATED = "key.rotated", _("API key rotated")
    KEY_REVOKED = "key.revoked", _("API key revoked")
    KEY_REFUSED = "key.refused", _("API key refused")
    WEBHOOK_ADDED = "webhook.added", _("Webhook added")
    WEBHOOK_CHANGED = "webhook.changed", _("Webhook changed")
    WEBHOOK_SECRET_ROTATED = "webhook.secret_rotated", _("Secret of a webhook rotated")
    WEBHOOK_REMOVED = "webhook.removed", _("Webhook removed")
    WEBHOOK_DISABLED = "webhook.disabled", _("Webhook switched off after failures")
    WEBHOOK_TESTED = "webhook.tested", _("Webhook tested")
    WEBHOOK_REPLAYED = "webhook.replayed", _("Webhook events sent again")
    CONNECTION_ADDED = "connection.added", _("Connection added")
    CONNECTION_CHANGED = "connection.changed", _("Connection changed")
    CONNECTION_PAUSED = "connection.paused", _("Connection paused")
    CONNECTION_RESUMED = "connection.resumed", _("Connection resumed")
    CONNECTION_REMOVED = "connection.removed", _("Connection removed")
    CONNECTION_EVENT_RETRIED = "connection.event_retried", _("Event of a help desk processed again")
    CONNECTION_WEBHOOK_MADE = "connection.webhook_made", _("Webhook made in the help desk")
    IMPORT_STARTED = "import.started", _("Import started")
    IMPORT_UNDONE = "import.undone", _("Import undone")
    WORKFLOW_CREATED = "workflow.created", _("Workflow created")
    WORKFLOW_RENAMED = "workflow.renamed", _("Workflow renamed")
    WORKFLOW_DRAFT_CHANGED = "workflow.draft_changed", _("Workflow draft changed")
    WORKFLOW_ACTIVATED = "workflow.activated", _("Workflow activated")
    WORKFLOW_SWITCHED_OFF = "workflow.switched_off", _("Workflow switched off")
    WORKFLOW_REMOVED = "workflow.removed", _("Workflow removed")
    WORKFLOW_RUN_STARTED = "workflow.run_started", _("Workflow run by hand")
    WORKFLOW_RUN_RETRIED = "workflow.run_retried", _("Workflow run retried")
    RECORD_ADDED = "record.added", _("Record added in the admin site")
    RECORD_CHANGED = "record.changed", _("Record changed in the admin site")
    RECORD_DELETED = "record.deleted", _("Record deleted in the admin site")

    @property
    def family(self) -> str:
        return self.value.partition(".")[0]


FAMILIES = {
    "login": _("Logins"),
    "password": _("Passwords"),
    "second_factor": _("Second factors"),
    "person": _("People"),
    "role": _("Roles and teams"),
    "installation": _("Installation"),
    "data": _("Personal data looked at"),
    "contact": _("Contacts"),
    "suppression": _("Suppressions"),
    "export": _("Exports"),
    "report": _("Reports"),
    "link": _("Links"),
    "conversation": _("Conversations"),
    "answer": _("Answers"),
    "survey": _("Surveys"),
    "settings": _("Settings"),
    "sending": _("Sending"),
    "provider": _("Providers"),
    "brand": _("Brands"),
    "theme": _("Themes"),
    "key": _("API keys"),
    "webhook": _("Webhooks"),
    "connection": _("Connections"),
    "import": _("Imports"),
    "workflow": _("Workflows"),
    "record": _("Admin site"),
}

# what rows from before this list say
FORMER = {
    "settings": AuditAction.SETTINGS_CHANGED,
    "api_key": AuditAction.KEY_CREATED,  # with `revoked`: KEY_REVOKED
    "contact": AuditAction.CONTACT_CHANGED,
    "contact data": AuditAction.CONTACT_DATA_TAKEN,
    "suppression": AuditAction.SUPPRESSION_ADDED,  # with `lifted`: SUPPRESSION_LIFTED
    "export": AuditAction.EXPORT_MADE,
    "rating link copied": AuditAction.LINK_COPIED,
    "link revoked": AuditAction.LINK_REVOKED,
    "session": AuditAction.CONVERSATION_CHANGED,
    "tags": AuditAction.CONVERSATION_UNTAGGED,
    "answer restored": AuditAction.ANSWER_RESTORED,
    "failed surveys resent": AuditAction.SURVEYS_RESENT,
    "test message": AuditAction.TEST_MESSAGE_SENT,
    "sending paused": AuditAction.SENDING_PAUSED,
    "sending resumed": AuditAction.SENDING_RESUMED,
    "channel resumed": AuditAction.SENDING_RESUMED,
    "provider away": AuditAction.PROVIDER_AWAY,
    "provider back": AuditAction.PROVIDER_BACK,
    "webhook added": AuditAction.WEBHOOK_ADDED,
    "webhook changed": AuditAction.WEBHOOK_CHANGED,
    "webhook secret rotated": AuditAction.WEBHOOK_SECRET_ROTATED,
    "webhook removed": AuditAction.WEBHOOK_REMOVED,
    "webhook disabled": AuditAction.WEBHOOK_DISABLED,
    "webhook tested": AuditAction.WEBHOOK_TESTED,
    "webhook replayed": AuditAction.WEBHOOK_REPLAYED,
    "webhooks replayed": AuditAction.WEBHOOK_REPLAYED,
    "connection added": AuditAction.CONNECTION_ADDED,
    "connection changed": AuditAction.CONNECTION_CHANGED,
    "connection paused": AuditAction.CONNECTION_PAUSED,
    "connection resumed": AuditAction.CONNECTION_RESUMED,
    "connection removed": AuditAction.CONNECTION_REMOVED,
    "webhook made in the help desk": AuditAction.CONNECTION_WEBHOOK_MADE,
    "import": AuditAction.IMPORT_STARTED,
    "import undone": AuditAction.IMPORT_UNDONE,
    "workflow created": AuditAction.WORKFLOW_CREATED,
    "workflow renamed": AuditAction.WORKFLOW_RENAMED,
    "workflow draft changed": AuditAction.WORKFLOW_DRAFT_CHANGED,
    "workflow activated": AuditAction.WORKFLOW_ACTIVATED,
    "workflow switched off": AuditAction.WORKFLOW_SWITCHED_OFF,
    "workflow removed": AuditAction.WORKFLOW_REMOVED,
    "workflow run by hand": AuditAction.WORKFLOW_RUN_STARTED,
    "workflow run retried": AuditAction.WORKFLOW_RUN_RETRIED,
}


def stored_as(actions: Iterable[AuditAction]) -> list[str]:
    """What rows of these actions say, those from before this list included."""
    wanted = set(actions)
    return [*map(str, wanted), *(word for word, action in FORMER.items() if action in wanted)]


def label(stored: str) -> str:
    """What a row says, in words; what is no word of ours as it stands there."""
    if stored in AuditAction.values:
        return str(AuditAction(stored).label)
    return str(FORMER[stored].label) if stored in FORMER else stored
