"""Settings → Brands: under which names customers are asked; each with its preview and its test message."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.channels.kinds import SURVEYED
from csat.connectors.models import Connection
from csat.lib.refusal import Invalid
from csat.lib.text import as_uuid
from csat.people import brands, roles
from csat.people.models import Brand, Team
from csat.people.permissions import Verb
from csat.surveys.models import CsatSettings
from csat.web.access import StaffRequest, may
from csat.web.mail_frame import mail_frame
from csat.web.settings import csat_page
from csat.web.settings.brand_form import BrandForm
from csat.web.settings.csat import try_to_send
from csat.web.settings.csat_texts import LANGUAGES


@may(Verb.MANAGE_BRANDS)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    rows = Brand.objects.prefetch_related("team_set")
    rules = [connection.rules for connection in Connection.objects.alive()]
    context = {
        "default": CsatSettings.current().brand,
        "brands": [
            (brand, brand.value.logo_url, sum(_names(rule, brand) for rule in rules)) for brand in rows
        ],
    }
    return render(request, "brands/page.html", context)


@may(Verb.MANAGE_BRANDS)
@require_http_methods(["GET", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    return _edit(request, None)


@may(Verb.MANAGE_BRANDS)
@require_http_methods(["GET", "POST"])
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    return _edit(request, _get(uuid))


@may(Verb.MANAGE_BRANDS)
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """archive or restore."""
    brand, by = _get(uuid), roles.actor_of(request.user)
    if name == "archive":
        brands.archive(brand, by=by)
        messages.success(request, _("Archived: no new conversations get it."))
    elif name == "restore":
        brands.restore(brand, by=by)
        messages.success(request, _("Restored."))
    else:
        raise Http404
    return redirect("settings-brand", uuid)


@may(Verb.MANAGE_BRANDS)
@require_POST
def preview(request: StaffRequest, uuid: UUID | None = None) -> HttpResponse:
    """A channel's message with what has been typed so far."""
    brand = _get(uuid) if uuid else None
    form = BrandForm(brand, request.POST, request.FILES)
    kind, language = request.POST.get("preview_channel", ""), request.POST.get("preview_language", "")
    shown = _preview(form.candidate(), kind or SURVEYED[0].value, language, uuid)
    if request.htmx:
        return render(request, "settings/_preview.html", {"preview": shown})
    return _show(request, brand, form, preview=shown)


@may(Verb.MANAGE_BRANDS)
@require_GET
@mail_frame
def mail(request: StaffRequest, kind: str) -> HttpResponse:
    """The email as customers see it, for the preview's frame: its own styles, no scripts."""
    wanted = request.GET.get("brand")
    saved = get_object_or_404(Brand, uuid=as_uuid(wanted)) if wanted else None
    typed = {name: request.GET[name] for name in ("name", "color") if name in request.GET}
    lines = dict.fromkeys(saved.opening_line if saved else (), "") | {
        "default": request.GET.get("message", "")
    }
    brand = brands.candidate(saved, typed | {"opening_line": lines}).value
    message = csat_page.mail_of(kind, brand, request.GET.get("language", ""))
    return HttpResponse(mark_safe(message.html))  # noqa: S308 (our template escapes)


@may(Verb.MANAGE_BRANDS)
@require_POST
def test(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Send the saved message to the address the manager names."""
    brand = _get(uuid)
    row = csat_page.channel_row(request.POST.get("test_channel", ""))
    text, sent = try_to_send(request, row.kind, request.POST.get("test_to", "").strip(), brand=brand.value)
    if request.htmx:
        return render(request, "settings/_tested.html", {"row": row, "text": text, "sent": sent})
    (messages.success if sent else messages.error)(request, text)
    return redirect("settings-brand", uuid)


def _edit(request: StaffRequest, brand: Brand | None) -> HttpResponse:
    if request.method == "GET":
        return _show(request, brand, BrandForm(brand))
    form = BrandForm(brand, request.POST, request.FILES)
    saved = _save(request, form) if form.is_valid() else None
    if saved is None:
        return _show(request, brand, form, status=422)
    messages.success(request, _("Saved.") if brand else _("Brand added."))
    return redirect("settings-brand", saved.uuid)


def _save(request: StaffRequest, form: BrandForm) -> Brand | None:
    by = roles.actor_of(request.user)
    try:
        with transaction.atomic():
            if form.brand:
                brand = brands.change(form.brand, by=by, **form.changes())
            else:
                brand = brands.create(by=by, **form.changes())
            brands.give_to_teams(brand, form.cleaned_data["teams"], by=by)
    except Invalid as refused:
        form.add_errors_of(refused)
        return None
    return brand


def _show(
    request: StaffRequest,
    brand: Brand | None,
    form: BrandForm,
    *,
    status: int = 200,
    preview: csat_page.Preview | None = None,
) -> HttpResponse:
    saved = brand.again() if brand else None
    shown = preview or _preview(
        saved or Brand(name=_("Your brand")), "email", "", saved.uuid if saved else None
    )
    context = {
        "brand_row": saved,
        "form": form,
        "logo": saved.value.logo_url if saved else "",
        "several_lines": sum(1 for box in form.messages() if (box.value() or "").strip()),
        "preview": None if form.is_bound and not preview else shown,
        "preview_channels": SURVEYED,
        "preview_languages": LANGUAGES.items(),
        "tests": [row for row in map(csat_page.row_with_test, SURVEYED) if row.test_type],
        "connections": [one for one in Connection.objects.alive() if saved and _names(one.rules, saved)],
        "has_teams": Team.objects.exists(),
    }
    return render(request, "brands/one.html", context, status=status)


def _preview(brand: Brand, kind: str, language: str, uuid: UUID | None) -> csat_page.Preview:
    value, language = brand.value, language if language in LANGUAGES else "en"
    line = value.opening_line.get(language) or value.opening_line.get("default") or ""
    query = {"brand": uuid or "", "name": value.name, "color": value.color, "message": line}
    return csat_page.preview_of(kind, language, value, reverse("settings-brand-mail", args=[kind]), query)


def _get(uuid: UUID) -> Brand:
    return get_object_or_404(Brand, uuid=uuid)


def _names(rules: dict[str, object], brand: Brand) -> bool:
    """Whether a connection's rules give this brand to its conversations or to those of an inbox."""
    of_inboxes = rules.get("brands")
    named = of_inboxes.values() if isinstance(of_inboxes, dict) else ()
    return brand.slug in (rules.get("brand"), *named)
