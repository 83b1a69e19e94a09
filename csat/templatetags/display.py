"""How a staff page shows times, faces, people and icons."""

import json
from datetime import datetime, timedelta

from django import template
from django.template.defaultfilters import date as format_date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat import scale
from csat.channels import registry
from csat.surveys import kept_links
from csat.templatetags.drawings import DRAWINGS

register = template.Library()

MIRRORED = {
    "back",
    "forward",
    "logout",
    "outbox",
}  # icons that point the other way in right-to-left languages


@register.filter
def without_live_links(value: object) -> object:
    """What was kept, with `/r/…` for the address of a rating page."""
    return kept_links.show(value)


@register.filter
def pretty_json(text: str) -> str:
    """JSON on lines of its own; anything else as it is."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except ValueError:
        return text


@register.simple_tag
def ago(at: datetime | None) -> SafeString | str:
    """`12 min ago`, with the exact time on hover and in the accessible name."""
    if at is None:
        return ""
    exact = format_date(timezone.localtime(at), "j M Y, H:i")
    return format_html(
        '<time datetime="{}" title="{}">{}<span class="sr"> ({})</span></time>',
        at.isoformat(timespec="seconds"),
        exact,
        _distance(at),
        exact,
    )


@register.simple_tag
def clock(at: datetime | None) -> SafeString | str:
    """`10:02`, with date and seconds on hover."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        format_date(local, "j M Y, H:i:s"),
        format_date(local, "H:i"),
    )


@register.simple_tag
def exactly(at: datetime | None) -> SafeString | str:
    """`21 Nov 2026, 10:02`."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html(
        '<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), format_date(local, "j M Y, H:i")
    )


@register.simple_tag
def moment(at: datetime | None) -> SafeString | str:
    """`10:02` for today, otherwise with the day, `27 Nov, 10:02`; the exact time on hover."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    today = local.date() == timezone.localdate()
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        format_date(local, "j M Y, H:i:s"),
        format_date(local, "H:i" if today else "j M, H:i"),
    )


@register.simple_tag
def face(score: int | None, css: str = "") -> SafeString | str:
    """The face and its number; a screen reader says `4, Good`."""
    if not score:
        return ""
    return format_html(
        '<span class="face face-{score} {css}" role="img" aria-label="{score}, {label}">'
        '<span class="emoji">{emoji}</span>{score}</span>',
        score=score,
        css=css,
        label=scale.BY_SCORE[score].label,
        emoji=scale.BY_SCORE[score].emoji,
    )


@register.filter
def initials(name: object) -> str:
    """Up to two letters for the round mark beside a person."""
    words = [word for word in str(name).split("@")[0].replace(".", " ").split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])) or "·"


@register.simple_tag
def icon(name: str, label: str = "", css: str = "") -> SafeString:
    """The icon of this name, or of the channel with this slug. Decoration unless it has a label."""
    classes = " ".join(filter(None, ["icon", css, "turns" if name in MIRRORED else ""]))
    drawing = mark_safe(DRAWINGS.get(name) or registry.get(name).icon)  # noqa: S308 (our own constants)
    if not label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>', classes, drawing
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}"><title>{}</title>{}</svg>',
        classes,
        label,
        label,
        drawing,
    )


def _distance(at: datetime) -> str:
    passed = timezone.now() - at
    if passed < timedelta(0):
        return _time_left(-passed)
    minutes, hours, days = int(passed.total_seconds() // 60), int(passed.total_seconds() // 3600), passed.days
    if minutes < 1:
        return _("just now")
    if hours < 1:
        return ngettext("%(n)d min ago", "%(n)d min ago", minutes) % {"n": minutes}
    if days < 1:
        return ngettext("%(n)d h ago", "%(n)d h ago", hours) % {"n": hours}
    if days < 7:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    local = timezone.localtime(at)
    return format_date(local, "j M" if local.year == timezone.localtime().year else "j M Y")


def _time_left(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    if minutes < 60:
        return ngettext("in %(n)d min", "in %(n)d min", minutes) % {"n": minutes}
    if minutes < 60 * 24:
        return ngettext("in %(n)d h", "in %(n)d h", minutes // 60) % {"n": minutes // 60}
    return ngettext("in %(n)d day", "in %(n)d days", minutes // 1440) % {"n": minutes // 1440}
