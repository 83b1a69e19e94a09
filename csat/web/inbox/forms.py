"""The inbox's filter form."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.utils.translation import gettext_lazy as _

from csat import scale
from csat.channels.kinds import Channel
from csat.people.models import Agent
from csat.sessions.models import Session
from csat.surveys.rules import brands
from csat.themes import reading
from csat.web.days import DayField

SCORES: list[tuple[str, Any]] = [
    *((str(face.score), f"{face.emoji} {face.score}") for face in scale.FACES),
    ("low", _("1 or 2")),
    ("any", _("Any score")),
    ("none", _("No score yet")),
]


class InboxFilters(forms.Form):
    """An unknown value filters nothing."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=Session.Status.choices)
    channel = forms.ChoiceField(required=False, choices=Channel.choices)
    agent = forms.ModelChoiceField(Agent.objects.all(), required=False, to_field_name="uuid")
    score = forms.ChoiceField(required=False, choices=SCORES)
    brand = forms.ChoiceField(required=False, choices=brands.choices)
    theme = forms.ModelChoiceField(reading.shown(), required=False, to_field_name="slug")
    needs_follow_up = forms.BooleanField(required=False)
    overdue = forms.BooleanField(required=False)
    mine = forms.BooleanField(required=False)
    low = forms.BooleanField(required=False)
    unanswered = forms.BooleanField(required=False)
    since = DayField(required=False)  # of the last activity
    until = DayField(required=False)  # the last day itself

    def __init__(self, data: Any, *, reader: User) -> None:
        super().__init__(data)
        self.reader = reader  # whose conversations are `mine`

    def chosen(self) -> dict[str, Any]:
        """The valid filters in use."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value}
        if "theme" in chosen:
            chosen["theme"] = chosen["theme"].slug
        return chosen | ({"mine": self.reader} if "mine" in chosen else {})
