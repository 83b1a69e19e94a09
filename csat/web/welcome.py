"""Welcome: the first account, by whoever has the code that was printed on the server."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings as project
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language_from_request, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from csat.lib.clock import zones
from csat.lib.refusal import Invalid, Refused
from csat.people import first_run, roles
from csat.surveys.rules import settings
from csat.timeline.recording import SYSTEM
from csat.web import rate_limits
from csat.web.account.coming_in import log_in

PER_MINUTE = 10  # codes from one address; a code has 80 bits
HELD_CODE = "welcome_code"  # in the browser session of whoever gave it


class ColorInput(forms.ColorInput):
    """Always holds a colour, and knows no `required`."""

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class WelcomeForm(forms.Form):
    """What is wrong with a value is judged by the rooms, and shown beside its field."""

    name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.CharField(
        label=gettext_lazy("Your email address"),
        max_length=first_run.MAX_EMAIL,
        help_text=gettext_lazy("You log in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    brand_name = forms.CharField(
        label=gettext_lazy("Name of your organisation"),
        max_length=80,
        help_text=settings.FIELDS["brand_name"].help_text,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=lambda: [(zone, zone.replace("_", " ")) for zone in sorted(zones())],
        help_text=gettext_lazy("The days of your reports begin and end in it."),
        widget=forms.Select(attrs={"data-browser-zone": True}),  # static/js/zone.js chooses it at first
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=project.LANGUAGES,
        help_text=gettext_lazy("Of customers whose own language is not known."),
    )
    brand_color = forms.CharField(
        label=settings.FIELDS["brand_color"].verbose_name,
        help_text=settings.FIELDS["brand_color"].help_text,
        widget=ColorInput,
    )
    brand_logo = forms.FileField(
        label=settings.FIELDS["brand_logo"].verbose_name,
        required=False,
        help_text=settings.FIELDS["brand_logo"].help_text,
        widget=forms.FileInput(attrs={"accept": ".png,.jpg,.jpeg,.webp,.gif"}),
    )

    def add_errors_of(self, refused: Refused) -> None:
        for field, texts in refused.fields.items():
            self.add_error(field if field in self.fields else None, texts)
        if not refused.fields:
            self.add_error(None, refused.message)


def unless_first_run(view: Callable[[HttpRequest], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """The login, to which every page sends a person without one, leads on while nobody can log in."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        return redirect("welcome") if _is_first_run(request) else view(request)

    return guarded


def _is_first_run(request: HttpRequest) -> bool:
    return not request.user.is_authenticated and first_run.is_open()


@sensitive_post_parameters("password", "code")
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """First the code, then the form. Once somebody has an account there is nothing here."""
    if not first_run.is_open():
        return redirect("login")
    given = request.POST.get("code") or request.GET.get("code")
    if given is not None:
        return _take_code(request, given)
    if not first_run.is_code(request.session.get(HELD_CODE, "")):
        return render(request, "welcome/code.html")
    if request.method != "POST":
        return _show(request, WelcomeForm(initial=_guesses(request)))
    form = WelcomeForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            user = _begin(form.cleaned_data)
        except Refused as refused:
            form.add_errors_of(refused)
        else:
            del request.session[HELD_CODE]
            log_in(request, user, by="welcome")
            return redirect("inbox")
    return _show(request, form, status=422)


def _take_code(request: HttpRequest, given: str) -> HttpResponse:
    """A right one is kept in the session, so that the address of the form bears none."""
    if seconds := rate_limits.seconds_to_wait("welcome", rate_limits.network(request), per_minute=PER_MINUTE):
        text = _("Too many codes were tried. Wait %(n)d seconds.") % {"n": seconds}
        response = render(request, "welcome/code.html", {"error": text}, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    if not first_run.is_code(given):
        text = _("This is not the code. The server prints it when it starts, or with the command below.")
        return render(request, "welcome/code.html", {"error": text}, status=422)
    request.session[HELD_CODE] = given
    return redirect("welcome")


@transaction.atomic
def _begin(values: dict[str, Any]) -> User:
    """All or nothing: a logo that is no picture makes no account."""
    brand = {name: values.pop(name) for name in ("brand_name", "brand_color")}
    picture = values.pop("brand_logo")
    logo = {"brand_logo": picture} if picture else {}
    wrong: dict[str, list[str]] = {}
    try:  # first, so that the organisation's name is no part of a good password
        settings.candidate(brand | logo)
        settings.change(by=SYSTEM, **brand)
    except Invalid as refused:
        wrong = refused.fields
    try:
        user = first_run.begin(**values)
    except Invalid as refused:
        raise Invalid(fields=refused.fields | wrong) from None
    if wrong:
        raise Invalid(fields=wrong)
    if logo:  # last: a file that was written stays
        settings.change(by=roles.actor_of(user), **logo)
    return user


def _guesses(request: HttpRequest) -> dict[str, str]:
    """From the browser: `tz` is the cookie of static/js/zone.js."""
    zone = request.COOKIES.get("tz", "")
    return {
        "timezone": zone if zone in zones() else "UTC",
        "language": get_language_from_request(request),
        "brand_color": settings.FIELDS["brand_color"].get_default(),
    }


def _show(request: HttpRequest, form: WelcomeForm, *, status: int = 200) -> HttpResponse:
    return render(request, "welcome/form.html", {"form": form}, status=status)
