"""*Stop asking me*: a GET shows a page, a POST acts at once (RFC 8058)."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from csat.lib.languages import normalize
from csat.people import suppression
from csat.people.models import Contact, Organization, SuppressionReason
from csat.surveys import links
from csat.surveys.models import Link
from csat.timeline.kinds import ActorKind
from csat.timeline.recording import Actor
from csat.web import branding, rate_limits
from csat.web.customer import link_errors
from csat.web.public_page import public, redirect_after_post, render


@public
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    if token == links.EXAMPLE:
        return link_errors.example(request)
    if request.method == "POST" and (seconds := rate_limits.check_post("unsubscribe", request, token)):
        return link_errors.too_many(request, seconds)
    link = links.find(token, Link.Purpose.UNSUBSCRIBE)
    if link is None or link.contact is None:
        return link_errors.unknown(request)
    if request.method != "POST":
        return _page(request, link.contact)
    customer = Actor(ActorKind.CONTACT, str(link.contact.uuid), link.contact.name)
    if request.POST.get("again"):
        suppression.opt_in(link.contact, by=customer)
    else:
        suppression.opt_out(link.contact, by=customer)
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return _page(request, link.contact)  # RFC 8058: a mail program follows no redirect
    return redirect_after_post(request.get_full_path())


def _page(request: HttpRequest, contact: Contact) -> HttpResponse:
    fallback = normalize(contact.language, Organization.current().language)
    return render(
        "unsubscribing/page.html",
        language=normalize(request.GET.get("lang"), fallback),
        brand=branding.named_in(request),
        stopped=contact.opted_out_at is not None,
        may_undo=contact.opt_out_reason != SuppressionReason.STAFF,
        here=request.get_full_path(),
    )
