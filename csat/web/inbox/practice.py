"""Practice conversations: made and removed by one press each."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.lib.refusal import Refused
from csat.people import roles
from csat.people.permissions import Verb, role_may
from csat.sessions.models import Session
from csat.surveys.delivery import practice
from csat.surveys.visibility import conversations_of
from csat.web.access import StaffRequest, may


@may(Verb.REQUEST_SURVEY)
@require_POST
def make(request: StaffRequest) -> HttpResponse:
    try:
        session = practice.begin(request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("inbox")
    return redirect("session", session.uuid)


def may_remove(request: StaffRequest, session: Session) -> bool:
    """Who began it, and who may remove customers."""
    if not session.practice or not role_may(request.role, Verb.REQUEST_SURVEY):
        return False
    of_theirs = Session.objects.filter(practice.made_by(request.user), pk=session.pk)
    return role_may(request.role, Verb.ERASE_CONTACT) or of_theirs.exists()


@may(Verb.REQUEST_SURVEY)
@require_POST
def remove(request: StaffRequest, uuid: UUID) -> HttpResponse:
    sessions = conversations_of(request.user).filter(practice=True).select_related("contact")
    session = get_object_or_404(sessions, uuid=uuid)
    if not may_remove(request, session):
        raise PermissionDenied
    practice.remove(session, by=roles.actor_of(request.user))
    messages.success(request, _("The practice conversation is gone, with its survey and its rating."))
    return redirect("inbox")
