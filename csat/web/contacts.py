"""Contacts: the customers, their ratings, and whether they may be asked."""

from collections.abc import Callable
from itertools import pairwise
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.db.models import Avg, Count, Exists, OuterRef, Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from csat import scale
from csat.lib.types import JsonObject
from csat.people import contacts as people
from csat.people import erasure, roles, suppression
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Contact, SuppressionReason
from csat.people.permissions import Verb
from csat.surveys.models import Answer, Score, Survey
from csat.surveys.visibility import Visibility, contacts_of, visibility_for
from csat.themes import reading
from csat.web import paging
from csat.web.access import StaffRequest, may, may_each
from csat.web.account.reauthentication import asked_again, asked_again_before
from csat.web.personal_data import keep_read
from csat.web.replica import from_replica


def _rated(visibility: Visibility, **lookups: object) -> Q:
    scores = Score.objects.filter(visibility.as_filter(), session__practice=False, **lookups)
    return Q(Exists(scores.filter(contact=OuterRef("pk"))))


FILTERS: dict[str, dict[str, tuple[object, Callable[[Visibility], Q]]]] = {
    "ratings": {
        "some": (_l("Rated"), lambda visibility: _rated(visibility)),
        "low": (_l("Rated low"), lambda visibility: _rated(visibility, score__lte=scale.LOW_MAX)),
        "none": (_l("Not rated"), lambda visibility: ~_rated(visibility)),
    },
    "asking": {
        "may": (
            _l("Surveys allowed"),
            lambda _: Q(opted_out_at=None) & ~Q(suppression.has_suppressed_address()),
        ),
        "opted-out": (_l("Opted out"), lambda _: Q(opted_out_at__isnull=False)),
        "blocked": (_l("Suppressed"), lambda _: Q(suppression.has_suppressed_address())),
    },
}


@may(Verb.READ_CONVERSATIONS)
@require_GET
@vary_on_headers("HX-Request")
@from_replica
def page(request: StaffRequest) -> HttpResponse:
    text, visibility = request.GET.get("q", "").strip()[:200], visibility_for(request.user)
    filters = {name: value for name in FILTERS if (value := request.GET.get(name, "")) in FILTERS[name]}
    contacts = Contact.objects.alive().filter(
        visibility.contacts(), *(FILTERS[name][value][1](visibility) for name, value in filters.items())
    )
    shown = paging.page(people.search(contacts, text), by="created_at", cursor=request.GET.get("before", ""))
    selects = [
        (name, filters.get(name, ""), [(value, label) for value, (label, _q) in FILTERS[name].items()])
        for name in FILTERS
    ]
    context = {
        "page": shown,
        "rows": _with_ratings(shown.rows, visibility),
        "q": text,
        "selects": selects,
        "address": urlencode({**({"q": text} if text else {}), **filters}),
    }
    return render(request, "contacts/_rows.html" if request.htmx else "contacts/page.html", context)


@may(Verb.READ_CONVERSATIONS)
@require_GET
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    visibility = visibility_for(request.user)
    contact = get_object_or_404(Contact.objects.alive().filter(visibility.contacts()), uuid=uuid)
    scores = Score.objects.filter(visibility.as_filter(), contact=contact)
    related = scores.select_related("session", "agent").prefetch_related(reading.prefetch())
    ratings = paging.page(related, by="submitted_at", cursor=request.GET.get("before", ""))
    counts = {f"of_{score}": Count("pk", filter=Q(score=score)) for score in scale.SCORES}
    asked = Survey.objects.filter(visibility.conversations("session__"), contact=contact)
    unanswered = asked.filter(score=None).select_related("session")
    context = {
        "contact": contact,
        "ratings": ratings,
        "rated": _with_earlier(ratings.rows),
        "figures": scores.filter(session__practice=False).aggregate(
            count=Count("pk"), average=Avg("score"), **counts
        ),
        "unrated": paging.page(unanswered, by="created_at", cursor=request.GET.get("asked_before", "")),
        "suppressions": suppression.suppressions_of(contact),
        "comments": visibility.can_see_comments,
    }
    keep_read(request, contact, contact_id=contact.pk)
    return render(request, "contacts/one.html", context)


VERBS = {
    "erase": Verb.ERASE_CONTACT,
    "opt-out": Verb.STOP_SURVEYS,
    "opt-in": Verb.ALLOW_SURVEYS,
}


@may_each(VERBS)
@require_POST
@asked_again_before("erase")
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """Opt out, opt in, erase."""
    contact, by = get_object_or_404(contacts_of(request.user), uuid=uuid), roles.actor_of(request.user)
    match name:
        case "erase":
            erasure.erase(contact, by=by)
            text = _("Erased. The ratings stay in reports, without the person.")
        case "opt-out":
            suppression.opt_out(contact, by=by, reason=SuppressionReason.STAFF)
            text = _("Surveys stopped for this customer.")
        case _:
            suppression.opt_in(contact, by=by)
            text = _("Surveys allowed for this customer.")
    messages.success(request, text)
    return redirect("contacts") if contact.erased_at else redirect("contact", contact.uuid)


@may(Verb.TAKE_CONTACT_DATA)
@require_POST
@asked_again
def data(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """All that is stored about one person, as a file to hand over."""
    contact = get_object_or_404(contacts_of(request.user), uuid=uuid)
    by = roles.actor_of(request.user)
    audit(by, AuditAction.CONTACT_DATA_TAKEN, target=contact, contact_id=contact.pk)
    response = JsonResponse(erasure.data_of(contact), json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="contact-{contact.uuid}.json"'
    response["Cache-Control"] = "no-store"
    return response


def _with_ratings(contacts: list[Contact], visibility: Visibility) -> list[tuple[Contact, JsonObject]]:
    """Each contact beside the count and average of their ratings, in one query."""
    counted = visibility.as_filter() & Q(session__practice=False)
    scores = Score.objects.filter(counted, contact__in=contacts).order_by()
    figures = scores.values("contact").annotate(count=Count("pk"), average=Avg("score"))
    by_contact = {row["contact"]: dict(row) for row in figures}
    return [(contact, by_contact.get(contact.pk, {})) for contact in contacts]


def _with_earlier(scores: list[Score]) -> list[tuple[Score, list[int]]]:
    """Each rating with the scores it replaced, in their order."""
    surveys = [score.survey_id for score in scores]
    accepted = Answer.objects.filter(survey__in=surveys, state=Answer.State.ACCEPTED)
    earlier: dict[int, list[int]] = {}
    for survey, number in accepted.filter(standing=None).order_by("revision").values_list("survey", "score"):
        earlier.setdefault(survey, []).append(number)
    return [(score, _changes([*earlier.get(score.survey_id, []), score.score])) for score in scores]


def _changes(numbers: list[int]) -> list[int]:
    """Without the last, and without those that the next one repeats, as with a new comment alone."""
    return [number for number, following in pairwise(numbers) if number != following]
