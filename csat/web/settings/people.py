"""Settings → People: who logs in, invitations, roles, access. Team leads find and invite for their teams."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.channels import registry
from csat.lib.refusal import Invalid, Refused
from csat.people import invitations, memberships, profiles, roles, second_factor, single_sign_on, staff
from csat.people.models import Organization, Team
from csat.people.permissions import Verb
from csat.sessions import assignments
from csat.surveys.answers import follow_ups
from csat.surveys.models import CsatSettings
from csat.web.access import StaffRequest, may, may_each
from csat.web.account.reauthentication import asked_again
from csat.web.account.receivers import judge_second_factor

SIZE = 50
STATES = {staff.ACTIVE: gettext_lazy("Active"), staff.INACTIVE: gettext_lazy("Deactivated")}


class InviteForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=profiles.NAME_LENGTH, required=False)
    email = forms.CharField(label=gettext_lazy("Email"), max_length=320)
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Teams"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    own_teams_only = forms.BooleanField(
        label=gettext_lazy("Sees conversations of own teams only"), required=False
    )

    def __init__(self, data: Any, *, scope: memberships.Scope) -> None:
        only_team = [team.pk for team in scope.teams] if len(scope.teams) == 1 and not scope.everyone else []
        super().__init__(data, initial={"role": roles.AGENT, "teams": only_team})
        _offer(self, scope)


class MembershipForm(forms.Form):
    role = forms.ChoiceField(label=gettext_lazy("Role"))
    teams = forms.ModelMultipleChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Teams"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    own_teams_only = forms.BooleanField(
        label=gettext_lazy("Sees conversations of own teams only"), required=False
    )

    def __init__(self, data: Any, *, person: User, scope: memberships.Scope) -> None:
        teams = [team.pk for team in person.profile.teams.all()]
        initial = {
            "role": memberships.role_given(person),
            "teams": teams,
            "own_teams_only": person.profile.own_teams_only,
        }
        super().__init__(data, initial=initial)
        _offer(self, scope)


def _offer(form: forms.Form, scope: memberships.Scope) -> None:
    """The roles and teams that may be given."""
    role, teams = form.fields["role"], form.fields["teams"]
    assert isinstance(role, forms.ChoiceField)
    assert isinstance(teams, forms.ModelMultipleChoiceField)
    role.choices = [(role, roles.Role(role).label) for role in scope.roles]
    if single_sign_on.gives_roles():
        role.help_text = _("Whoever logs in by single sign-on gets the role of their groups there, or none.")
    teams.queryset = Team.objects.filter(pk__in=scope.team_ids)


@may(Verb.MANAGE_PEOPLE)
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    chosen = {name: request.GET.get(name, "").strip()[:200] for name in ("q", "role", "state")}
    rows = staff.search(staff.people(request.user), chosen["q"])
    if chosen["role"] in (*roles.Role.values, staff.NO_ROLE):
        rows = rows.filter(staff.with_role(chosen["role"]))
    if chosen["state"] in STATES:
        rows = rows.filter(is_active=chosen["state"] == staff.ACTIVE)
    shown = Paginator(rows, SIZE).get_page(request.GET.get("page"))
    context = {
        "page": shown,
        "rows": _rows(list(shown.object_list)),
        "chosen": chosen,
        "address": urlencode({name: value for name, value in chosen.items() if value}),
    }
    if request.htmx:
        return render(request, "people/_rows.html", context)
    return render(request, "people/page.html", context | _beside(request))


@may(Verb.MANAGE_PEOPLE)
@never_cache
@require_http_methods(["GET", "POST"])
@asked_again
def invite(request: StaffRequest) -> HttpResponse:
    """The link is shown once, by the response that made it."""
    scope = memberships.scope_of(request.user)
    form = InviteForm(request.POST or None, scope=scope)
    if request.method == "POST" and form.is_valid():
        try:
            sent = invitations.invite(
                **form.cleaned_data, by=request.user, organisation=CsatSettings.current().brand_name
            )
            return _show_link(request, sent)
        except Invalid as refused:
            _add_errors(form, refused)
    status = 422 if form.is_bound else 200
    context = {"form": form, "roles": _role_choices(scope), "scope": scope}
    return render(request, "people/invite.html", context, status=status)


@may_each({"resend": Verb.MANAGE_PEOPLE, "revoke": Verb.MANAGE_PEOPLE})
@never_cache
@require_POST
@asked_again
def invitation(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """Send it again with a new link, or revoke it."""
    row = get_object_or_404(invitations.of_scope(request.user), uuid=uuid)
    if name == "resend":
        organisation = CsatSettings.current().brand_name
        sent = invitations.resend(row, by=request.user, organisation=organisation)
        return _show_link(request, sent)
    if invitations.revoke(row, by=request.user):
        text = _("The invitation of %(email)s is revoked: its link opens nothing any more.")
        messages.success(request, text % {"email": row.email})
    return redirect("settings-people")


def _show_link(request: StaffRequest, sent: invitations.Sent) -> HttpResponse:
    context = {"sent": sent, "in_outbox": registry.get("email").sandboxed()}
    return render(request, "people/invited.html", context)


@may(Verb.CHANGE_PEOPLE)
@require_POST
@asked_again
def require_second_factor(request: StaffRequest) -> HttpResponse:
    try:
        by, own = roles.actor_of(request.user), str(request.session.session_key)
        second_factor.require(request.POST.getlist("roles"), by=by, but=own)
        judge_second_factor(request, request.user)  # who changes it is led on, not logged out
        messages.success(request, _("Saved. Who has no second factor yet sets one up before anything else."))
    except Invalid as refused:
        messages.error(request, refused.words)
    return redirect("settings-people")


@may(Verb.CHANGE_PEOPLE)
@require_GET
def one(request: StaffRequest, pk: int) -> HttpResponse:
    return _show(request, _get(request, pk))


VERBS = dict.fromkeys(
    ("role", "hand-over", "deactivate", "activate", "end-sessions", "remove-second-factor"),
    Verb.CHANGE_PEOPLE,
)


@may_each(VERBS)
@require_POST
@asked_again
def act(request: StaffRequest, pk: int, name: str) -> HttpResponseBase:
    person, by = _get(request, pk), request.user
    shown = profiles.name_of(person)
    try:
        match name:
            case "role":
                return _change_membership(request, person)
            case "hand-over":
                count = staff.hand_over(person, successor=_successor(request, person), by=by)
                text = _("Handed over: %(n)d.") % {"n": count}
            case "deactivate":
                staff.deactivate(person, successor=_successor(request, person), by=by)
                text = _("%(name)s is deactivated, and logged out everywhere. Activate undoes it.")
            case "activate":
                staff.activate(person, by=by)
                text = _("%(name)s may log in again.")
            case "end-sessions":
                staff.end_sessions(person, by=by)
                text = _("%(name)s is logged out everywhere.")
            case _:
                staff.remove_second_factor(person, by=by)
                text = _("The second factor of %(name)s is removed.")
    except Refused as refused:
        messages.error(request, refused.words)
    else:
        messages.success(request, text % {"name": shown} if "%(name)" in text else text)
    return redirect("settings-person", person.pk)


def _change_membership(request: StaffRequest, person: User) -> HttpResponse:
    form = MembershipForm(request.POST, person=person, scope=memberships.scope_of(request.user))
    if form.is_valid():
        try:
            with transaction.atomic():
                changed = staff.set_role(person, form.cleaned_data["role"], by=request.user)
                changed |= staff.set_teams(person, form.cleaned_data["teams"], by=request.user)
                bound = form.cleaned_data["own_teams_only"]
                changed |= staff.bind_to_teams(person, bound, by=request.user)
        except Refused as refused:
            _add_errors(form, refused)
        else:
            if changed:
                messages.success(request, _("Saved. It holds from the next page they open."))
            return redirect("settings-person", person.pk)
    return _show(request, person, form, status=422)


def _show(
    request: StaffRequest, person: User, form: MembershipForm | None = None, *, status: int = 200
) -> HttpResponse:
    scope = memberships.scope_of(request.user)
    context = {
        "person": person,
        "shown": _rows([person])[0],
        "is_oneself": person == request.user,
        "form": form or MembershipForm(None, person=person, scope=scope),
        "roles": _role_choices(scope),
        "scope": scope,
        "successors": staff.successors(person),
        "open_follow_ups": follow_ups.open_of(person).count(),
        "open_conversations": assignments.open_of(person).count(),
        "keys": staff.keys_of(person),
    }
    return render(request, "people/one.html", context, status=status)


def _get(request: StaffRequest, pk: int) -> User:
    person = get_object_or_404(staff.people(request.user), pk=pk)
    if not hasattr(person, "profile"):
        person.profile = profiles.profile_of(person)
    return person


def _successor(request: StaffRequest, person: User) -> User | None:
    pk = request.POST.get("successor", "")
    if not pk:
        return None
    if not pk.isdecimal():
        raise Http404
    return get_object_or_404(staff.successors(person), pk=pk)


def _beside(request: StaffRequest) -> dict[str, object]:
    """What stands around the list: invitations, and for admins whose role is missing."""
    context: dict[str, object] = {
        "invitations": [(row, roles.Role(row.role).label) for row in invitations.of_scope(request.user)],
        "states": STATES.items(),
        "roles": [*roles.Role.choices, (staff.NO_ROLE, _("No role"))],
    }
    if memberships.scope_of(request.user).everyone:
        without = User.objects.filter(staff.with_role(staff.NO_ROLE), is_active=True)
        required = Organization.current().second_factor_roles
        context |= {
            "without_role": without.count(),
            "factor_roles": [(role, label, role in required) for role, label in roles.Role.choices],
        }
    return context


def _rows(people: list[User]) -> list[dict[str, object]]:
    """What is shown of each, without a query for each."""
    with_factor = second_factor.with_one(people)
    rows: list[dict[str, object]] = []
    for user in people:
        role, profile = memberships.role_given(user), getattr(user, "profile", None)
        rows.append(
            {
                "user": user,
                "name": profiles.name_of(user),
                "role": roles.Role(role).label if role else "",
                "teams": list(profile.teams.all()) if profile else [],
                "own_teams_only": bool(profile and profile.own_teams_only),
                "last_seen_at": profile.last_seen_at if profile else None,
                "second_factor": user.pk in with_factor,
            }
        )
    return rows


def _role_choices(scope: memberships.Scope) -> list[tuple[str, object, object]]:
    return [(role, roles.Role(role).label, roles.DOES[role]) for role in scope.roles]


def _add_errors(form: forms.Form, refused: Refused) -> None:
    for name, texts in (refused.fields or {"": [refused.message]}).items():
        form.add_error(name if name in form.fields else None, texts)
