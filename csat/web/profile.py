"""`/profile/`: what a person chooses for themselves."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.channels import registry
from csat.lib.clock import zones
from csat.lib.refusal import Invalid, Refused
from csat.people import email_changes, memberships, profiles, second_factor
from csat.people.models import Profile
from csat.people.roles import Role
from csat.web import rate_limits
from csat.web.access import StaffRequest, staff
from csat.web.account.reauthentication import asked_again
from csat.web.middleware import note_reader

MAILS_PER_MINUTE = 5  # of one person, to an address that may be anybody's
LANGUAGES = [(code, name) for code, name in settings.LANGUAGES if code in settings.STAFF_LANGUAGES]


class ProfileForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=profiles.NAME_LENGTH)
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("With + and the country code. A customer with this number is not surveyed."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=[("", gettext_lazy("As in the browser")), *LANGUAGES],
        required=False,
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [
            ("", _("As in the browser")),
            *((zone, zone.replace("_", " ")) for zone in sorted(zones())),
        ],
        required=False,
    )
    landing_page = forms.ChoiceField(label=gettext_lazy("First page after login"))
    follow_ups = forms.BooleanField(
        label=gettext_lazy("Mail me when follow-ups are handed over to me"), required=False
    )

    def __init__(self, data: Any, *, role: str, initial: dict[str, object]) -> None:
        super().__init__(data, initial=initial)
        field = self.fields["landing_page"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(page, Profile.LandingPage(page).label) for page in profiles.landing_pages(role)]


@staff
@require_http_methods(["GET", "POST"])
def page(request: StaffRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, role=request.role, initial=_stored(request))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            profiles.change(
                request.user,
                name=values["name"],
                language=values["language"],
                zone=values["timezone"],
                landing_page=values["landing_page"],
                phone=values["phone"],
                notifications={profiles.FOLLOW_UPS: values["follow_ups"]},
            )
        except Invalid as refused:
            _add_errors(form, refused)
        else:
            note_reader(request.session, request.user)
            messages.success(request, _("Saved."))
            return redirect("profile")
    return _show(request, form, status=422 if form.is_bound else 200)


@staff
@require_POST
@asked_again
def email(request: StaffRequest) -> HttpResponse:
    """It holds when the link that goes to it was opened."""
    typed = request.POST.get("email", "")[:320]
    try:
        if email_changes.ask(request.user, typed):
            return _send_link(request)
    except Invalid as refused:
        form = ProfileForm(None, role=request.role, initial=_stored(request))
        return _show(request, form, email=typed, email_error=refused.message, status=422)
    return redirect("profile")


@staff
@require_POST
@asked_again
def send_again(request: StaffRequest) -> HttpResponse:
    return _send_link(request)


@staff
@require_POST
def cancel_email(request: StaffRequest) -> HttpResponse:
    email_changes.cancel(request.user)
    return redirect("profile")


@staff
@never_cache
@require_GET
def confirm_email(request: StaffRequest, token: str) -> HttpResponse:
    """The link in the mail: only for who asked for it, logged in, so that nobody confirms for another."""
    try:
        address = email_changes.confirm(request.user, token)
    except Refused as refused:
        messages.error(request, refused.words)
    else:
        text = _("%(email)s is your address now. A note went to the one you had.")
        messages.success(request, text % {"email": address})
    return redirect("profile")


def _send_link(request: StaffRequest) -> HttpResponse:
    if seconds := rate_limits.seconds_to_wait("new-email", str(request.user.pk), per_minute=MAILS_PER_MINUTE):
        messages.error(request, _("Too many mails. Wait %(n)d seconds.") % {"n": seconds})
    elif not email_changes.send(request.user):
        messages.error(request, _("The mail could not be sent. Try again later, or tell an admin."))
    return redirect("profile")


def _show(
    request: StaffRequest, form: ProfileForm, *, email: str | None = None, email_error: str = "", status: int
) -> HttpResponse:
    context = {
        "form": form,
        "email": request.user.email if email is None else email,
        "email_error": email_error,
        "new_email": profiles.profile_of(request.user).new_email,
        "in_outbox": registry.get("email").sandboxed(),
        "role": Role(request.role).label,
        "teams": memberships.teams_of(request.user),
        "has_password": request.user.has_usable_password(),
        "second_factor": second_factor.has_one(request.user),
    }
    return render(request, "people/profile.html", context, status=status)


def _stored(request: StaffRequest) -> dict[str, object]:
    profile = profiles.profile_of(request.user)
    return {
        "name": request.user.get_full_name(),
        "phone": profile.phone,
        "language": profile.language,
        "timezone": profile.timezone,
        "landing_page": profiles.landing_page(request.user),
        "follow_ups": profiles.wants(request.user, profiles.FOLLOW_UPS),
    }


def _add_errors(form: forms.Form, refused: Invalid) -> None:
    for name, texts in refused.fields.items():
        form.add_error(name if name in form.fields else None, texts)
