"""The channels there are: slugs, labels, and which of them are surveyed."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    WEB = "web", _("Web Chat")
    EMAIL = "email", _("Email")
    PHONE = "phone_voice", _("Phone")
    WHATSAPP = "whatsapp", _("WhatsApp")
    SMS = "sms", _("SMS")
    SLACK = "slack", _("Slack")
    API = "api", _("API")
    WEB_VOICE = "web_voice", _("Web Voice")
    INSTAGRAM = "instagram", _("Instagram")
    MESSENGER = "messenger", _("Messenger")


NEVER_SURVEYED = {Channel.INSTAGRAM, Channel.MESSENGER}
SURVEYED = [channel for channel in Channel if channel not in NEVER_SURVEYED]


class Medium(TextChoices):
    """What an address belongs to: an address is (medium, value). A channel with addresses of its own names
    itself as their medium.
    """

    EMAIL = "email", _("Email")
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    SLACK = "slack", _("Slack")
    CARD = "card", _("Web Chat card")
    HELPDESK = "helpdesk", _("Help desk")
    NONE = "none", _("nothing sent")
