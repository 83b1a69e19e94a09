"""The scale: five faces, always 1 to 5 from left to right."""

from django.utils.translation import gettext_lazy as _

SCORES = (1, 2, 3, 4, 5)
EMOJI = {1: "😡", 2: "😞", 3: "😐", 4: "🙂", 5: "😍"}
LABELS = {1: _("Terrible"), 2: _("Poor"), 3: _("Okay"), 4: _("Good"), 5: _("Excellent")}
LOW = 2  # up to here something went wrong
