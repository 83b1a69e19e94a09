"""Where I am logged in: every browser, ended one by one or all but this one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from csat.lib import client_address, user_agents
from csat.people import logins, roles
from csat.web.account.reauthentication import asked_again


class LoggedInRequest(HttpRequest):
    user: User


@login_required
@require_GET
def page(request: LoggedInRequest) -> HttpResponse:
    key = request.session.session_key
    rows = [
        {
            "login": login,
            "browser": user_agents.describe(login.user_agent),
            "network": client_address.network_of(login.address),
            "here": login.key == key,
        }
        for login in logins.of(request.user)
    ]
    others = sum(not row["here"] for row in rows)
    return render(request, "account/sessions.html", {"rows": rows, "others": others})


@login_required
@require_POST
@asked_again
def end(request: LoggedInRequest, pk: int) -> HttpResponse:
    if logins.end(request.user, pk, by=roles.actor_of(request.user)):
        messages.success(request, _("Logged out there."))
    return redirect("account-sessions")


@login_required
@require_POST
@asked_again
def end_others(request: LoggedInRequest) -> HttpResponse:
    here = request.session.session_key or ""
    count = logins.end_all(request.user, by=roles.actor_of(request.user), but=here)
    text = ngettext("Logged out of %(n)d other browser.", "Logged out of %(n)d other browsers.", count)
    messages.success(request, text % {"n": count})
    return redirect("account-sessions")
