"""Settings → Retention: after how many days what goes, shown before anything does."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from csat.lib import retention as kinds
from csat.people import roles
from csat.people.permissions import Verb
from csat.surveys.models import CsatSettings
from csat.surveys.rules import retention, settings
from csat.web.access import StaffRequest, may
from csat.web.account.reauthentication import asked_again


class RetentionForm(forms.Form):
    """Days for each kind; empty: for ever."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for kind in kinds.kinds():
            self.fields[kind.name] = forms.IntegerField(
                label=kind.label,
                help_text=kind.help_text,
                min_value=kind.least,
                max_value=kinds.MOST_DAYS,
                required=False,
            )

    @property
    def key(self) -> str:
        """These days as one text, by which a form says what it has shown."""
        return json.dumps(self.cleaned_data, sort_keys=True)


@may(Verb.MANAGE_SETTINGS)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    return _show(request, RetentionForm(initial=CsatSettings.current().retention))


@may(Verb.MANAGE_SETTINGS)
@require_POST
def dry_run(request: StaffRequest) -> HttpResponse:
    """What would go with these days as typed; nothing is saved."""
    form = RetentionForm(request.POST)
    return _show(request, form, old=retention.dry_run(form.cleaned_data) if form.is_valid() else None)


@may(Verb.MANAGE_SETTINGS)
@require_POST
@asked_again
def save(request: StaffRequest) -> HttpResponse:
    """Only what was shown before is saved."""
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    if request.POST.get("seen") != form.key:
        messages.warning(request, _("Look at what would go, then save."))
        return _show(request, form, old=retention.dry_run(form.cleaned_data))
    settings.change(by=roles.actor_of(request.user), retention=form.cleaned_data)
    messages.success(request, _("Saved. What is older goes at night."))
    return redirect("settings-retention")


def _show(
    request: StaffRequest, form: RetentionForm, *, old: list[retention.Old] | None = None
) -> HttpResponse:
    counts = {row.kind.name: row for row in old or ()}
    context = {
        "form": form,
        "setting": settings.FIELDS["retention"],
        "rows": [(form[kind.name], kind.least, counts.get(kind.name)) for kind in kinds.kinds()],
        "most": kinds.MOST_DAYS,
        "seen": form.key if old is not None else "",
        "total": sum(row.count for row in old or ()),
    }
    status = 422 if form.errors else 200
    return render(request, "settings/retention.html", context, status=status)
