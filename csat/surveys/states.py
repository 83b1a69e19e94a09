"""The state tables, as data: for each target, the states it may be reached from."""

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

SURVEY: dict[str, set[str]] = {
    S.SCHEDULED: {S.CANCELLED, S.SKIPPED, S.FAILED, S.EXPIRED, S.SENT},  # a new request; sent: a link made before the first one
    S.SENT: {S.SCHEDULED, S.SENT},
    S.SKIPPED: {S.SCHEDULED},
    S.CANCELLED: {S.SCHEDULED, S.SENT},
    S.FAILED: {S.SCHEDULED, S.SENT},
    S.EXPIRED: {S.SENT},
    S.ANSWERED: set(S),
}

DELIVERY: dict[str, set[str]] = {
    D.DUE: {D.SENDING, D.SENT},  # back-off, or a lease that ran out; sent: the provider gave it back
    D.SENDING: {D.DUE},
    D.SENT: {D.SENDING},
    D.FAILED: {D.DUE, D.SENDING, D.SENT},  # sent: a bounce that came later
    D.CANCELLED: {D.DUE, D.SENDING},  # sending: a gate closed it before anything went out
}
