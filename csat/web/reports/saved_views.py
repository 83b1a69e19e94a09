"""Reports kept under a name, each for the person who saved it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from csat.people.permissions import Verb
from csat.reports.models import SavedView
from csat.web.access import StaffRequest, may

MAX_VIEWS = 30


@may(Verb.READ_REPORTS)
@require_POST
def save(request: StaffRequest) -> HttpResponse:
    """Keep this report under a name; one already saved under it is replaced."""
    name, query = request.POST.get("name", "").strip()[:80], request.POST.get("query", "")[:2000]
    if not name:
        messages.error(request, _("Enter a name for the view."))
    elif SavedView.objects.filter(user=request.user).exclude(name=name).count() >= MAX_VIEWS:
        messages.error(request, _("You already have %(many)s views. Delete one first.") % {"many": MAX_VIEWS})
    else:
        SavedView.objects.update_or_create(user=request.user, name=name, defaults={"query": query})
        messages.success(request, _("Saved as “%(name)s”.") % {"name": name})
    return redirect(f"{reverse('reports')}?{query}")


@may(Verb.READ_REPORTS)
@require_POST
def rename(request: StaffRequest, uuid: UUID) -> HttpResponse:
    view = get_object_or_404(SavedView, user=request.user, uuid=uuid)
    name = request.POST.get("name", "").strip()[:80]
    if not name:
        messages.error(request, _("Enter a name for the view."))
    elif SavedView.objects.filter(user=request.user, name=name).exclude(pk=view.pk).exists():
        messages.error(request, _("You already have a view with this name. Enter another one."))
    else:
        view.change(name=name)
        messages.success(request, _("Renamed to “%(name)s”.") % {"name": name})
    return redirect(f"{reverse('reports')}?{view.query}")


@may(Verb.READ_REPORTS)
@require_POST
def delete(request: StaffRequest, uuid: UUID) -> HttpResponse:
    get_object_or_404(SavedView, user=request.user, uuid=uuid).delete()
    messages.success(request, _("View deleted."))
    return redirect("reports")
