"""`/invite/<token>/`: an invited person makes their login, and is in."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from csat.lib.refusal import Invalid, Missing
from csat.people import invitations, profiles, roles
from csat.people.models import Invitation
from csat.web import known_browsers, rate_limits
from csat.web.account.coming_in import log_in
from csat.web.account.single_sign_on import offered


class AcceptForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=profiles.NAME_LENGTH)
    username = forms.CharField(label=gettext_lazy("Username"), max_length=invitations.USERNAME_LENGTH)
    password = forms.CharField(label=gettext_lazy("Password"), strip=False, max_length=4096)
    again = forms.CharField(label=gettext_lazy("Password again"), strip=False, max_length=4096)

    def clean(self) -> None:
        password, again = self.cleaned_data.get("password"), self.cleaned_data.get("again")
        if password and again and password != again:
            self.add_error("again", _("The two passwords differ."))


@offered
@never_cache
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """One page for every link that opens nothing, whether it was used, revoked, is too old or never was."""
    if request.method == "POST" and (seconds := rate_limits.check_post("invite", request, token)):
        response = render(request, "people/invitation_closed.html", {"seconds": seconds}, status=429)
        response.headers["Retry-After"] = str(seconds)
        return response
    invitation = invitations.find(token)
    if invitation is None:
        return _closed(request)
    form = AcceptForm(request.POST or None, initial=_proposed(invitation))
    if request.method == "POST" and settings.PASSWORD_LOGIN and form.is_valid():
        values = form.cleaned_data
        try:
            user = invitations.accept(
                token,
                username=values["username"],
                name=values["name"],
                password=values["password"],
                mailed=request.GET.get("mailed", ""),
            )
        except Missing:  # somebody else was faster
            return _closed(request)
        except Invalid as refused:
            for name, texts in refused.fields.items():
                form.add_error(name if name in form.fields else None, texts)
        else:
            log_in(request, user, by="invitation")
            text = _("Welcome, %(name)s. What customers write and how they rate you is in the inbox.")
            messages.success(request, text % {"name": profiles.name_of(user)})
            if waiting := profiles.profile_of(user).new_email:
                text = _("Confirm your address: open the link in the mail that went to %(email)s.")
                messages.info(request, text % {"email": waiting})
            response = redirect("home")
            known_browsers.remember(request, response, user)
            return response
    context = {"form": form, "invitation": invitation, "role": roles.Role(invitation.role)}
    status = 422 if form.is_bound else 200
    return render(request, "people/invitation.html", context | _about(invitation), status=status)


def _proposed(invitation: Invitation) -> dict[str, str]:
    return {"name": invitation.name, "username": invitations.free_username(invitation.email)}


def _about(invitation: Invitation) -> dict[str, object]:
    return {
        "inviter": profiles.name_of(invitation.invited_by) if invitation.invited_by else "",
        "does": roles.DOES[invitation.role],
        "teams": ", ".join(team.name for team in invitation.teams.all()),
        "by_password": settings.PASSWORD_LOGIN,
        "by_single_sign_on": bool(settings.OIDC_ISSUER),
    }


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "people/invitation_closed.html", status=404)
