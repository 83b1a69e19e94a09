"""What the screen Settings → CSAT says besides the names of the rules."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel, Medium

LANGUAGES = dict(settings.LANGUAGES)
WORDS: dict[str, Any] = {"default": _("Every language"), **LANGUAGES}
LONGEST = 600  # characters of a custom message
SENDS = {
    Channel.WEB: _("rating card in the chat widget"),
    Channel.EMAIL: _("branded email with five clickable faces"),
    Channel.PHONE: _("follow-up SMS with a rating link"),
    Channel.WHATSAPP: _("WhatsApp message (approved template) with a rating link"),
    Channel.SMS: _("short text with a rating link"),
    Channel.SLACK: _("reply in the thread with buttons and a rating link"),
    Channel.API: _("nothing: the webhook csat.requested tells your program to ask"),
    Channel.WEB_VOICE: _("follow-up email with a rating link"),
}
TEST_TO = {
    Medium.EMAIL: ("email", _("Email address")),
    Medium.SMS: ("tel", _("Phone number, such as +49 151 23456789")),
    Medium.WHATSAPP: ("tel", _("Phone number, such as +49 151 23456789")),
    Medium.SLACK: ("text", _("Channel id, such as C0123456789")),
}
RULES = [
    (_("How often"), ["contact_cap_days", "sample_percent", "quiet", "skip_no_customer_message", "skip_ai_assumed"]),
    (_("How long"), ["link_days", "reminder_days", "guaranteed_delivery"]),
    (_("What is asked, and who sees it"), ["ask_about", "comments_hidden_from_agents", "agents_see_own_only"]),
]
SKIPPED = {  # short names of what closes a survey, for the dry run
    "auto_send": _("auto-send off"),
    "ticketing_system": _("ticketing system"),
    "supported": _("Instagram or Messenger"),
    "channel": _("channel off"),
    "sample": _("not in the sample"),
    "skip_csat": _("without survey by hand"),
    "customer_message": _("customer wrote nothing"),
    "ai_assumption": _("AI only assumed"),
    "opt_out": _("opted out"),
    "address": _("no address"),
    "contact_cap": _("cap"),
    "wrote_since": _("answered already"),
}
