"""How the rules are called and explained to people."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "auto_send": _("Auto-send CSAT after session closes"),
    "delay_seconds": _("Delay"),
    "ticketing_system": _("Ticketing system"),
    "contact_cap_days": _("At most one survey per contact every"),
    "sample_percent": _("Ask only a sample of"),
    "quiet_start": _("Quiet from"),
    "quiet_end": _("Quiet until"),
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
    "reply_to": _(
        "The address that answers to survey emails reach. Empty: the sender's. "
        "Where your ESP hands them on to us, a number typed back counts as a rating: say so in the opening line."
    ),
}
UNITS = {"contact_cap_days": _("days"), "sample_percent": "%", "link_days": _("days"), "reminder_days": _("days")}
