"""Settings → Themes: what comments may be about, and by which words that is seen."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from csat.lib.refusal import Invalid
from csat.people import roles
from csat.people.models import Organization
from csat.people.permissions import Verb
from csat.surveys.visibility import visibility_for
from csat.themes import editing
from csat.themes.models import Recount, Theme
from csat.web.access import StaffRequest, may

LANGUAGES = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]


@may(Verb.MANAGE_THEMES)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    context = {"themes": Theme.objects.all(), "recount": Recount.current(), "languages": LANGUAGES}
    return render(request, "themes/page.html", context | {"language": Organization.current().language})


@may(Verb.MANAGE_THEMES)
@require_POST
def new(request: StaffRequest) -> HttpResponse:
    """From a name and words; from words that stand out, whose first is its name."""
    words, language = request.POST.get("words", ""), request.POST.get("language", "")
    name = request.POST.get("name", "") or words.partition("\n")[0][:60]
    try:
        theme = editing.create(
            name, by=roles.actor_of(request.user), words={language: words} if words else {}
        )
    except Invalid as invalid:
        messages.error(request, " ".join(text for texts in invalid.fields.values() for text in texts))
        return redirect("themes")
    messages.success(request, _("Added. All comments are being read again."))
    return redirect("theme", theme.uuid)


@may(Verb.MANAGE_THEMES)
@require_http_methods(["GET", "POST"])
def one(request: StaffRequest, uuid: UUID) -> HttpResponse:
    """Its name, colour and words in one language; `preview` only counts the comments that have them."""
    theme = get_object_or_404(Theme, uuid=uuid)
    language = request.POST.get("language") or request.GET.get("language") or Organization.current().language
    if language not in dict(settings.LANGUAGES):
        raise Http404
    problems: dict[str, list[str]] = {}
    if request.method == "POST" and "preview" not in request.POST:
        try:
            return _save(request, theme, language)
        except Invalid as invalid:
            problems = invalid.fields
    typed = request.POST if request.method == "POST" else {}
    words = typed.get("words", "\n".join(editing.words_in(theme, language)))
    context = {
        "theme": theme,
        "name": typed.get("name", str(theme)),
        "colour": typed.get("colour", theme.colour),
        "muted": bool(typed.get("muted")) if typed else theme.muted,
        "words": words,
        "preview": editing.preview(words, language, visibility=visibility_for(request.user)),
        "most": editing.RECENT,
        "language": language,
        "languages": LANGUAGES,
        "colours": Theme.Colour.choices,
        "others": Theme.objects.exclude(pk=theme.pk),
        "recount": Recount.current(),
        "problems": problems,
    }
    return render(request, "themes/one.html", context, status=422 if problems else 200)


@may(Verb.MANAGE_THEMES)
@require_POST
def act(request: StaffRequest, uuid: UUID, name: str) -> HttpResponse:
    """merge, into the theme of `into`, or remove."""
    theme, by = get_object_or_404(Theme, uuid=uuid), roles.actor_of(request.user)
    if name == "merge":
        into = Theme.objects.filter(slug=request.POST.get("into", "")).exclude(pk=theme.pk).first()
        if into is None:
            messages.error(request, _("Choose another theme."))
            return redirect("theme", uuid)
        try:
            editing.merge(theme, into=into, by=by)
        except Invalid as invalid:
            messages.error(request, invalid.message)
            return redirect("theme", uuid)
        messages.success(request, _("Merged. All comments are being read again."))
        return redirect("theme", into.uuid)
    if name != "remove":
        raise Http404
    editing.remove(theme, by=by)
    messages.success(request, _("Removed."))
    return redirect("themes")


def _save(request: StaffRequest, theme: Theme, language: str) -> HttpResponse:
    by, typed = roles.actor_of(request.user), request.POST
    editing.change(
        theme,
        by=by,
        name=typed.get("name", ""),
        colour=typed.get("colour", theme.colour),
        muted=bool(typed.get("muted")),
    )
    recounts = editing.set_words(theme, language, typed.get("words", ""), by=by)
    messages.success(request, _("Saved. All comments are being read again.") if recounts else _("Saved."))
    return redirect(f"{request.path}?language={language}")
