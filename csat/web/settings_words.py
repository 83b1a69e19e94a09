"""How the settings are called and explained on the screen Settings → CSAT."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from csat.channels.kinds import Channel, Medium

LANGUAGES = dict(settings.LANGUAGES)
WORDS: dict[str, Any] = {"default": _("Every language"), **LANGUAGES}
LONGEST = 600  # characters of a custom message
LABELS = {
    "auto_send": _("Auto-send CSAT after session closes"),
    "delay_seconds": _("Delay"),
    "ticketing_system": _("Ticketing system"),
    "contact_cap_days": _("At most one survey per contact every"),
    "sample_percent": _("Ask only a sample of"),
    "quiet_start": _("Quiet from"),
    "quiet_end": _("until"),
    "skip_no_customer_message": _("Skip conversations in which the customer wrote nothing"),
    "skip_ai_assumed": _("Skip conversations the AI closed on an assumption"),
    "link_days": _("A rating link works for"),
    "reminder_days": _("Remind once, after"),
    "guaranteed_delivery": _("Guaranteed delivery"),
    "ask_about": _("Ask “What was it about?” after 1, 2 or 3"),
    "comments_hidden_from_agents": _("Hide comments from agents"),
    "agents_see_own_only": _("Agents see only their own scores"),
    "brand_name": _("Name"),
    "brand_color": _("Colour"),
    "brand_logo": _("Logo"),
    "reply_to": _("Replies go to"),
}
HELP = {
    "contact_cap_days": _("0: no limit."),
    "sample_percent": _("100: everybody."),
    "quiet_start": _("In the customer's time zone. Nothing is sent meanwhile; what was due goes out afterwards. Empty: no quiet hours."),
    "link_days": _("Afterwards the link says that it has expired."),
    "reminder_days": _("Only to those who were asked and have not answered. 0: no reminder."),
    "guaranteed_delivery": _(
        "When a channel finally fails, the next one the customer can be reached on takes over. "
        "Never twice to the same address, never against an opt-out."
    ),
    "ask_about": _("One tap, optional: the help I got · the product · a rule or price · not solved yet."),
    "comments_hidden_from_agents": _("Managers still read them."),
    "agents_see_own_only": _("Managers still see everybody's."),
    "brand_name": _("As customers know you: in the page's head, the email's sender and the messages."),
    "brand_color": _("Buttons and links take it; it is darkened or lightened where it would be hard to read."),
    "brand_logo": _("PNG, JPEG, WebP or GIF, at most 30 KB."),
    "reply_to": _("The address that answers to survey emails reach. Empty: the sender's."),
}
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
UNITS = {"contact_cap_days": _("days"), "sample_percent": "%", "link_days": _("days"), "reminder_days": _("days")}
SKIPPED = {  # short names of what closes a survey, for the dry run
    "auto_send": _("auto-send off"),
    "ticketing_system": _("ticketing system"),
    "supported": _("never surveyed channel"),
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
