"""What managers do to themes: add, name, colour, order, mute, merge, remove, and change their words."""

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from csat.lib.languages import normalize
from csat.lib.refusal import Invalid
from csat.lib.text import clean, one_line
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.surveys.models import Score
from csat.surveys.visibility import Visibility
from csat.themes import recounting, vocabulary
from csat.themes.models import MAX_WORDS, ScoreTheme, Theme, ThemeWords
from csat.themes.patterns import lines
from csat.timeline.recording import Actor

MOST_THEMES = 60
RECENT = 500  # comments of a preview


@transaction.atomic
def create(name: str, *, by: Actor, words: dict[str, str] | None = None, colour: str = "grey") -> Theme:
    """Add a theme, with words by language. Raises Invalid."""
    name = _valid_name(name)
    if Theme.objects.count() >= MOST_THEMES:
        raise Invalid(_("There are too many themes."), fields={"name": [_("Merge or remove one first.")]})
    last = Theme.objects.aggregate(last=Max("order"))["last"] or 0
    theme = Theme(slug=_free_slug(name), name=name, colour=_valid_colour(colour), order=last + 1)
    theme.save()
    for language, text in (words or {}).items():
        _keep_words(theme, language, text)
    audit(by, AuditAction.THEME_CREATED, after={"name": name}, target=theme)
    recounting.start()
    return theme


@transaction.atomic
def change(theme: Theme, *, by: Actor, name: str, colour: str, muted: bool) -> bool:
    """False when all of it was so already. Raises Invalid."""
    name = one_line(name)
    name = "" if not name or name == str(Theme(slug=theme.slug)) else _valid_name(name, but=theme)
    before = {"name": str(theme), "colour": theme.colour, "muted": theme.muted}
    if (name, colour, muted) == (theme.name, theme.colour, theme.muted):
        return False
    theme.change(name=name, colour=_valid_colour(colour), muted=muted)
    after = {"name": str(theme), "colour": theme.colour, "muted": theme.muted}
    audit(by, AuditAction.THEME_CHANGED, before=before, after=after, target=theme)
    return True


@transaction.atomic
def set_words(theme: Theme, language: str, text: str, *, by: Actor) -> bool:
    """Replace its words in one language; those that came with us come back when nothing is left. False when
    they were these already. Raises Invalid.
    """
    before = words_in(theme, language)
    _keep_words(theme, language, text)
    after = words_in(theme, language)
    if before == after:
        return False
    changed = {"language": language, "words": len(after)}
    audit(by, AuditAction.THEME_WORDS_CHANGED, before={"words": len(before)}, after=changed, target=theme)
    recounting.start()
    return True


@transaction.atomic
def merge(theme: Theme, *, into: Theme, by: Actor) -> None:
    """The other takes over its words and comments, and it is gone. Raises Invalid, and changes nothing."""
    if theme.pk == into.pk:
        raise Invalid(_("Choose another theme."), fields={"into": [_("Choose another theme.")]})
    for language, text in _words_together(theme, into).items():
        _keep_words(into, language, text)
    both = ScoreTheme.objects.filter(theme=into).values("score")
    ScoreTheme.objects.filter(theme=theme).exclude(score__in=both).update(theme=into)
    audit(by, AuditAction.THEME_MERGED, before={"name": str(theme)}, after={"name": str(into)}, target=into)
    theme.delete()
    recounting.start()


@transaction.atomic
def remove(theme: Theme, *, by: Actor) -> None:
    """It is gone, with its words; comments stay."""
    audit(by, AuditAction.THEME_REMOVED, before={"name": str(theme)}, target=theme)
    theme.delete()
    recounting.start()


def words_in(theme: Theme, language: str) -> list[str]:
    return vocabulary.words_of([theme]).get(language, {}).get(theme.pk, [])


def preview(text: str, language: str, *, visibility: Visibility) -> tuple[int, list[str]]:
    """How many of the latest comments that may be seen have one of these words, and three of them.

    By the words as they stand: no dictionary is read while somebody waits for the page. So a worker, who
    knows their other forms as well, may find more.
    """
    words = vocabulary.Vocabulary({language: {0: lines(text)}}, forms=False)
    rows = Score.objects.exclude(comment="").filter(visibility.as_filter()).order_by("-submitted_at")
    recent = rows.values_list("comment", "session__language", "score")[:RECENT]
    hits = [
        comment
        for comment, spoken, score in recent
        if normalize(spoken) == language and words.themes(comment, language, score)
    ]
    return len(hits), hits[:3]


def _words_together(theme: Theme, into: Theme) -> dict[str, str]:
    """By language. Raises Invalid where they are too many for one theme."""
    together = {
        language: "\n".join(dict.fromkeys([*words_in(into, language), *words_in(theme, language)]))
        for language in vocabulary.words_of([theme])
    }
    too_long = [
        str(get_language_info(language)["name_translated"])
        for language, text in together.items()
        if len(text) > MAX_WORDS
    ]
    if too_long:
        text = _(
            "Together these themes have too many words: more than %(n)d characters in %(languages)s. "
            "Shorten one of the lists first."
        ) % {"n": MAX_WORDS, "languages": ", ".join(too_long)}
        raise Invalid(text, fields={"into": [text]})
    return together


def _keep_words(theme: Theme, language: str, text: str) -> None:
    if language not in dict(settings.LANGUAGES):
        raise Invalid(_("There is no such language."), fields={"language": [_("There is no such language.")]})
    text = clean(text)
    if len(text) > MAX_WORDS:
        raise Invalid(_("Too long."), fields={"words": [_("At most %(n)d characters.") % {"n": MAX_WORDS}]})
    kept = lines(text)
    shipped = vocabulary.shipped().get(language, {}).get(theme.slug, [])
    if not kept or kept == shipped:
        ThemeWords.objects.filter(theme=theme, language=language).delete()
    else:
        ThemeWords.objects.update_or_create(
            theme=theme, language=language, defaults={"text": "\n".join(kept)}
        )


def _valid_name(name: str, *, but: Theme | None = None) -> str:
    name = one_line(name)
    if not name or len(name) > 60:
        raise Invalid(_("Give a name."), fields={"name": [_("Give a name of at most 60 characters.")]})
    others = Theme.objects.exclude(pk=but.pk if but else 0)
    if any(str(other).casefold() == name.casefold() for other in others):
        raise Invalid(_("There is such a theme."), fields={"name": [_("Another theme has this name.")]})
    return name


def _valid_colour(colour: str) -> str:
    if colour not in Theme.Colour.values:
        raise Invalid(_("There is no such colour."), fields={"colour": [_("There is no such colour.")]})
    return colour


def _free_slug(name: str) -> str:
    stem = slugify(name)[:34] or "theme"
    known = set(Theme.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    names = (f"{stem}-{n}" if n > 1 else stem for n in range(1, len(known) + 2))
    return next(slug for slug in names if slug not in known)
