"""A day that somebody types into a form."""

from datetime import date

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy

RANGE = gettext_lazy("Use a day between 1970 and 2100.")  # as the API has it


class DayField(forms.DateField):
    """One whose neighbours exist, in every time zone."""

    default_validators = [
        MinValueValidator(date(1970, 1, 1), RANGE),
        MaxValueValidator(date(2100, 12, 31), RANGE),
    ]
