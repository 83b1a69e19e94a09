"""How times, faces and people are told on a staff page."""

from datetime import datetime, timedelta

from django import template
from django.template.defaultfilters import date
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from csat.channels import faces

register = template.Library()


@register.simple_tag
def ago(at: datetime | None) -> SafeString | str:
    """`12 min ago`, with the exact time on hover and in the accessible name."""
    if at is None:
        return ""
    exact = date(timezone.localtime(at), "j M Y, H:i")
    return format_html('<time datetime="{}" title="{}">{}<span class="sr"> ({})</span></time>', at.isoformat(), exact, _distance(at), exact)


@register.simple_tag
def clock(at: datetime | None) -> SafeString | str:
    """`10:02`, with the whole time on hover."""
    if at is None:
        return ""
    local = timezone.localtime(at)
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), date(local, "j M Y, H:i:s"), date(local, "H:i"))


@register.simple_tag
def exactly(at: datetime | None) -> SafeString | str:
    """`21 Nov 2026, 10:02`."""
    if at is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', at.isoformat(), date(timezone.localtime(at), "j M Y, H:i"))


@register.simple_tag
def face(score: int | None, css: str = "") -> SafeString | str:
    """The face and its number, spoken as `4, Good`."""
    if not score:
        return ""
    return format_html(
        '<span class="face face-{} {}" role="img" aria-label="{}, {}"><span class="emoji">{}</span>{}</span>',
        score, css, score, faces.BY_SCORE[score].label, faces.BY_SCORE[score].emoji, score,
    )  # fmt: skip


@register.filter
def initials(name: object) -> str:
    """Up to two letters for the round mark beside a person."""
    words = [word for word in str(name).split("@")[0].replace(".", " ").split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])) or "·"


def _distance(at: datetime) -> str:
    passed = timezone.now() - at
    if passed < timedelta(0):
        return _until(-passed)
    minutes, hours, days = int(passed.total_seconds() // 60), int(passed.total_seconds() // 3600), passed.days
    if minutes < 1:
        return gettext("just now")
    if hours < 1:
        return ngettext("%(n)d min ago", "%(n)d min ago", minutes) % {"n": minutes}
    if days < 1:
        return ngettext("%(n)d h ago", "%(n)d h ago", hours) % {"n": hours}
    if days < 7:
        return ngettext("%(n)d day ago", "%(n)d days ago", days) % {"n": days}
    local = timezone.localtime(at)
    return date(local, "j M" if local.year == timezone.localtime().year else "j M Y")


def _until(left: timedelta) -> str:
    minutes = max(1, round(left.total_seconds() / 60))
    if minutes < 60:
        return ngettext("in %(n)d min", "in %(n)d min", minutes) % {"n": minutes}
    if minutes < 60 * 24:
        return ngettext("in %(n)d h", "in %(n)d h", minutes // 60) % {"n": minutes // 60}
    return ngettext("in %(n)d day", "in %(n)d days", minutes // 1440) % {"n": minutes // 1440}
