"""Contacts: who the customers are and every rating they ever left."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Avg, Count, Exists, OuterRef, Q
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat.people import contacts as people
from csat.people import erasing, roles, suppressing
from csat.people.auditing import audit
from csat.people.models import Contact
from csat.surveys import disclosing, scale
from csat.surveys.models import Answer, Score, Survey
from csat.surveys.sight import Sight, sight_of
from csat.timeline.recording import Actor
from csat.web import paging
from csat.web.access import StaffRequest, managers, staff


def _rated(sight: Sight, **scores: Any) -> Q:
    return Q(Exists(Score.objects.filter(sight.only(), contact=OuterRef("pk"), **scores)))


FILTERS: dict[str, dict[str, tuple[Any, Callable[[Sight], Q]]]] = {
    "ratings": {
        "some": (_l("Rated"), lambda sight: _rated(sight)),
        "low": (_l("Rated low"), lambda sight: _rated(sight, score__lte=scale.LOW)),
        "none": (_l("Not rated"), lambda sight: ~_rated(sight)),
    },
    "asking": {
        "may": (_l("May be asked"), lambda _: Q(opted_out_at=None) & ~Q(suppressing.blocked())),
        "opted-out": (_l("Opted out"), lambda _: Q(opted_out_at__isnull=False)),
        "blocked": (_l("Blocked"), lambda _: Q(suppressing.blocked())),
    },
}


@staff
@require_GET
@vary_on_headers("HX-Request")
def page(request: StaffRequest) -> HttpResponse:
    text, sight = request.GET.get("q", "").strip()[:200], sight_of(request.user)
    asked = {name: value for name in FILTERS if (value := request.GET.get(name, "")) in FILTERS[name]}
    contacts = Contact.objects.alive().filter(*(FILTERS[name][value][1](sight) for name, value in asked.items()))
    found = paging.page(people.search(contacts, text), by="created_at", cursor=request.GET.get("before", ""))
    selects = [(name, asked.get(name, ""), [(value, label) for value, (label, _q) in FILTERS[name].items()]) for name in FILTERS]
    context = {"page": found, "rows": _with_ratings(found.rows, sight), "q": text, "selects": selects}
    context |= {"asked": urlencode({**({"q": text} if text else {}), **asked})}
    return render(request, "contacts/_rows.html" if request.htmx else "contacts/page.html", context)


@staff
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    contact, sight = get_object_or_404(Contact.objects.alive(), uuid=uuid), sight_of(request.user)
    ratings = _ratings(contact, sight, cursor=request.GET.get("before", ""))
    scores = Score.objects.filter(sight.only(), contact=contact)
    context = {
        "contact": contact,
        "ratings": ratings,
        "rated": _with_earlier(ratings.rows),
        "figures": scores.aggregate(count=Count("pk"), average=Avg("score"), **_counts()),
        "unrated": _unrated(contact, cursor=request.GET.get("asked_before", "")),
        "suppressions": suppressing.of(contact),
        "manages": request.role != roles.AGENT,
        "comments": sight.comments,
    }
    return render(request, "contacts/one.html", context)


@managers
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """Opt out, opt in, erase."""
    verb = ACTS.get(name)
    if verb is None:
        raise Http404
    contact = get_object_or_404(Contact.objects.alive(), uuid=uuid)
    messages.success(request, verb(contact, roles.actor_of(request.user)))
    return redirect("contacts") if contact.erased_at else redirect("contact", contact.uuid)


@managers
@require_POST
def data(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """All that is kept about one person, as a file to hand over."""
    contact = get_object_or_404(Contact.objects.alive(), uuid=uuid)
    audit(roles.actor_of(request.user), "contact data", after={"contact": str(contact.uuid)}, contact_id=contact.pk)
    response = JsonResponse(disclosing.everything(contact), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="contact-{contact.uuid}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _erase(contact: Contact, by: Actor) -> str:
    erasing.erase(contact, by=by)
    return _("Erased. The ratings stay in the figures, without the person.")


def _opt_out(contact: Contact, by: Actor) -> str:
    suppressing.opt_out(contact, by=by, reason="staff")
    return _("This customer will not be asked again.")


def _opt_in(contact: Contact, by: Actor) -> str:
    suppressing.opt_in(contact, by=by)
    return _("This customer may be asked again.")


ACTS = {"erase": _erase, "opt-out": _opt_out, "opt-in": _opt_in}


def _counts() -> dict[str, Any]:
    return {f"of_{score}": Count("pk", filter=Q(score=score)) for score in range(1, 6)}


def _with_ratings(contacts: list[Contact], sight: Sight) -> list[tuple[Contact, dict[str, Any]]]:
    """Each contact beside the count and average of their ratings, in one query."""
    scores = Score.objects.filter(sight.only(), contact__in=contacts).order_by()
    found = {row["contact"]: row for row in scores.values("contact").annotate(count=Count("pk"), average=Avg("score"))}
    return [(contact, dict(found.get(contact.pk, {}))) for contact in contacts]


def _ratings(contact: Contact, sight: Sight, *, cursor: str) -> paging.Page:
    scores = Score.objects.filter(sight.only(), contact=contact).select_related("session", "agent")
    return paging.page(scores, by="submitted_at", cursor=cursor)


def _with_earlier(scores: list[Score]) -> list[tuple[Score, list[int]]]:
    """Each rating beside those it took the place of, in the order they were given."""
    accepted = Answer.objects.filter(survey__in=[score.survey_id for score in scores], state=Answer.State.ACCEPTED)
    earlier: dict[int, list[int]] = {}
    for survey, number in accepted.filter(standing=None).order_by("revision").values_list("survey", "score"):
        earlier.setdefault(survey, []).append(number)
    return [(score, _changes([*earlier.get(score.survey_id, []), score.score])) for score in scores]


def _changes(numbers: list[int]) -> list[int]:
    """Without the last, and without those that the next one only repeats with another comment."""
    return [number for number, following in pairwise(numbers) if number != following]


def _unrated(contact: Contact, *, cursor: str) -> paging.Page:
    """The surveys without an answer, newest first: asked in vain, or not asked and why."""
    return paging.page(Survey.objects.filter(contact=contact, score=None).select_related("session"), by="created_at", cursor=cursor)
