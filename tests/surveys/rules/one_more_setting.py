"""A plugin for pytest: the application with one more field on the settings' model, and nothing else."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models.signals import class_prepared

NAME, LABEL, HELP = "rest_days", "Rest between two questions for", "Counted from the last answer."


def _add(sender: type[models.Model], **_: Any) -> None:
    if sender.__name__ == "CsatSettings":
        field: Any = models.PositiveIntegerField(
            LABEL, default=3, validators=[MaxValueValidator(90)], help_text=HELP
        )
        field.contribute_to_class(sender, NAME)


class_prepared.connect(_add, weak=False)
