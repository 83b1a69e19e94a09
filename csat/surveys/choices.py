"""The choices of a survey's rows with their labels, and which state may follow which."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class SurveyState(TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    CANCELLED = "cancelled", _("Withdrawn")
    SKIPPED = "skipped", _("Skipped")
    FAILED = "failed", _("Failed")
    EXPIRED = "expired", _("Expired")


class DeliveryState(TextChoices):
    DUE = "due", _("Due")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


S, D = SurveyState, DeliveryState

# For each state, those it may be reached from.
SURVEY_REACHED_FROM: dict[SurveyState, set[SurveyState]] = {
    # a new request; sent: a link made before it
    S.SCHEDULED: {S.CANCELLED, S.SKIPPED, S.FAILED, S.EXPIRED, S.SENT},
    S.SENT: {S.SCHEDULED, S.SENT},
    S.SKIPPED: {S.SCHEDULED},
    S.CANCELLED: {S.SCHEDULED, S.SENT},
    S.FAILED: {S.SCHEDULED, S.SENT},
    S.EXPIRED: {S.SENT},
    S.ANSWERED: set(S),
}
DELIVERY_REACHED_FROM: dict[DeliveryState, set[DeliveryState]] = {
    D.DUE: {
        D.SENDING,
        D.SENT,
    },  # back-off, or a lease that ran out; sent: the provider could not deliver it yet
    D.SENDING: {D.DUE},
    D.SENT: {D.SENDING},
    D.FAILED: {D.DUE, D.SENDING, D.SENT},  # sent: a bounce that came later
    D.CANCELLED: {D.DUE, D.SENDING},  # sending: a gate closed it before anything went out
}

# The error codes of our own. Others are a provider's, or the gate that failed.
NOT_SHOWN = "not_shown"  # a card
PROVIDER_AWAY = "provider_away"  # so long that the next channel took over
NO_OTHER_CHANNEL = "no_other_channel"  # so long, but there is none
RESTORED = "restored"  # due before the database was restored: perhaps it went out since the backup


class Origin(TextChoices):
    """How a survey was asked."""

    AUTO = "auto", _("automatically")
    WORKFLOW = "workflow", _("by a workflow")
    API = "api", _("by API")
    MANUAL = "manual", _("by hand")
    REMINDER = "reminder", _("as a reminder")
    LINK = "link", _("by a generated link")


class Source(TextChoices):
    """How an answer came in."""

    PAGE = "page", _("rating page")
    CARD = "card", _("Web Chat card")
    EMAIL = "email", _("email reply")
    SMS = "sms", _("SMS reply")
    WHATSAPP = "whatsapp", _("WhatsApp reply")
    SLACK = "slack", _("Slack")
    API = "api", _("API")
    STAFF = "staff", _("staff")


class About(TextChoices):
    """What a rating was about, as the customer says."""

    HELP = "help", _("the help I got")
    PRODUCT = "product", _("the product")
    POLICY = "policy", _("a rule or price")
    UNSOLVED = "unsolved", _("not solved yet")


class QuarantineReason(TextChoices):
    """Why an answer is quarantined."""

    NO_NONCE = "no_nonce", _("Not sent from the rating page")
    BAD_NONCE = "bad_nonce", _("Sent from an outdated or forged rating page")
    HONEYPOT = "honeypot", _("Filled in a field people do not see")
    MANY_SCORES = "many_scores", _("Several faces within seconds")
    OTHER_SENDER = "other_sender", _("Replied from another address")
    COPIED_LINK = "copied_link", _("Would replace a rating, by a link that staff copied")
    STAFF_BROWSER = "staff_browser", _("From a browser where staff are logged in")
