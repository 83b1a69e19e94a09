"""*Stop asking me*: a GET shows a page, a POST acts at once (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from csat.lib.languages import known
from csat.lib.tokens import digest
from csat.people import suppressing
from csat.people.models import Contact, Organization
from csat.surveys import links
from csat.surveys.models import CsatSettings, Link
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web.customer import limits, link_errors, visiting
from csat.web.public import public, render


@public
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    if token == links.EXAMPLE:
        return link_errors.example(request)
    if request.method == "POST" and (seconds := limits.wait("unsubscribe", digest(token), per_minute=limits.PER_TOKEN)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.UNSUBSCRIBE)
    if link is None or link.contact is None:
        return link_errors.unknown(request)
    if request.method == "POST":
        return _act(request, link.contact)
    return _page(request, link.contact)


def _act(request: HttpRequest, contact: Contact) -> HttpResponse:
    by = Actor(ActorKind.CONTACT, str(contact.uuid), contact.name)
    if request.POST.get("again"):
        suppressing.opt_in(contact, by=by)
    else:
        suppressing.opt_out(contact, by=by, reason=suppressing.UNSUBSCRIBED)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return _page(request, contact)  # RFC 8058: a mail program follows no redirect
    return visiting.see(request.get_full_path())


def _page(request: HttpRequest, contact: Contact) -> HttpResponse:
    rules = CsatSettings.current()
    language = known(request.GET.get("lang"), known(contact.language, Organization.current().language))
    return render(
        "unsubscribing/page.html", language=language, rules=rules, stopped=contact.opted_out_at is not None, here=request.get_full_path()
    )
