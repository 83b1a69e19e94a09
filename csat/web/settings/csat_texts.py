"""Labels of Settings → CSAT that no setting has itself, and the groups that the settings stand in."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

LANGUAGES = dict(settings.LANGUAGES)
MESSAGE_LABELS: dict[str, Any] = {"default": _("All languages"), **LANGUAGES}
IN_OTHER_SECTIONS = {
    "auto_send",
    "delay_seconds",
    "ticketing_system",
    "quiet_end",
    "sending_hours",
    "holidays",
    "delay_in_office_hours",
    "brand_name",
    "brand_color",
    "brand_logo",
    "reply_to",
    "languages",
    "retention",
}
FURTHER = [  # the groups under Going further; settings in no group come last
    (
        _("How often"),
        [
            "contact_cap_days",
            "sample_percent",
            "quiet_start",
            "quiet_after_days",
            "skip_no_customer_message",
            "skip_ai_assumed",
            "skip_staff",
        ],
    ),
    (
        _("Link, reminder, fallback"),
        ["link_days", "reminder_days", "ask_within_hours", "guaranteed_delivery", "fallback_after_hours"],
    ),
    (
        _("Questions and visibility"),
        ["ask_about", "comments_hidden_from_agents", "agents_see_own_only", "agents_may_copy_links"],
    ),
    (
        _("After the rating"),
        [
            "terrible_follow_up_hours",
            "poor_follow_up_hours",
            "reopen_by_customer",
            "reopen_within_hours",
            "review_link",
        ],
    ),
]
PERIODS = {  # in days: how far back failed surveys are asked again
    30: _("in the last 30 days"),
    7: _("in the last 7 days"),
    1: _("in the last 24 hours"),
}
