"""What a rating was about: a customer's own word on what was not the agent's."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class About(TextChoices):
    HELP = "help", _("the help I got")
    PRODUCT = "product", _("the product")
    POLICY = "policy", _("a rule or price")
    UNSOLVED = "unsolved", _("not solved yet")
