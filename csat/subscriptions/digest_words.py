"""A digest in words: a mail, plain text, and the data of a webhook. English, as all that staff read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat import scale
from csat.channels import rendering
from csat.lib.text import one_line
from csat.lib.types import JsonObject
from csat.reports.filters import LISTS
from csat.reports.formatting import csat_and_interval, number, percent, percent_range
from csat.reports.models import SavedView
from csat.reports.scores import Counts, Interval
from csat.subscriptions.contents import Contents, Mover
from csat.surveys.models import CsatSettings, Score

CHANGES = {
    "up": gettext_lazy("clearly better than before"),
    "down": gettext_lazy("clearly worse than before"),
    "": gettext_lazy("no clear change"),
}
STANDINGS = {
    "reached": gettext_lazy("reached"),
    "not_reached": gettext_lazy("not reached"),
    "too_few": gettext_lazy("too few to tell"),
}
BY = {
    "channel": gettext_lazy("Channel"),
    "team": gettext_lazy("Team"),
    "brand": gettext_lazy("Brand"),
    "language": gettext_lazy("Language"),
    "handoff_reason": gettext_lazy("Handoff"),
    "agent": gettext_lazy("Agent"),
}
QUOTED = 280  # characters of a comment


@dataclass(frozen=True)
class Mail:
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Quote:
    """A rating with its words, and where its conversation is."""

    face: str  # emoji
    score: int
    words: str
    who: str
    url: str


def mail(contents: Contents, *, url: str, stop_url: str, rhythm: str) -> Mail:
    """`url`: the report of the same days; `stop_url`: where a press ends the digest."""
    context = _context(contents) | {"url": url, "stop_url": stop_url, "rhythm": rhythm}
    figure = csat_and_interval(contents.counts) or _("no ratings")
    subject = one_line(f"{contents.title}: CSAT {figure}, {days(contents)}")
    return Mail(
        subject=rendering.truncate(subject.replace("\u00a0", " "), 200),
        text=_tidy(render_to_string("digests/mail.txt", context)),
        html=rendering.inlined(render_to_string("digests/mail.html", context)),
    )


def plain(contents: Contents, *, url: str) -> str:
    """For Slack: the same without what only a mail has."""
    return _tidy(render_to_string("digests/plain.txt", _context(contents) | {"url": url}))


def as_json(contents: Contents, *, digest_id: UUID) -> JsonObject:
    """The data of a webhook `report.digest`. Shares are from 0 to 1, `to` is not part of the period."""
    return {
        "digest_id": str(digest_id),
        "title": contents.title,
        "from": contents.first.isoformat(),
        "to": (contents.last + timedelta(days=1)).isoformat(),
        "csat": _figures(contents.counts),
        "previous": _figures(contents.before),
        "change": contents.change or "none",
        "target": contents.target and {"percent": contents.target, "standing": contents.standing},
        "movers": [
            {
                "by": mover.by,
                "label": mover.label,
                "change": "up" if mover.better else "down",
                "csat": _figures(mover.counts),
                "previous": _figures(mover.before),
            }
            for mover in contents.movers
        ],
        "causes": [
            {"label": cause.label, "low_scores": cause.count, "of": cause.whole} for cause in contents.causes
        ],
        "low_scores": contents.counts.low,
        "low_scores_waiting": contents.waiting_count,
    }


def report_url(view: SavedView, contents: Contents) -> str:
    """The report of the view on the days of the digest."""
    query = parse_qs(view.query)
    kept = [(name, value) for name in (*LISTS, "credit", "quarantined") for value in query.get(name, ())]
    period = [("from", contents.first.isoformat()), ("until", contents.last.isoformat())]
    return f"{settings.SITE_URL}/reports/?{urlencode([*period, *kept])}"


def days(contents: Contents) -> str:
    """`3 Nov 2026`, or `2 – 8 Nov 2026`."""
    first, last = contents.first, contents.last
    if first == last:
        return _day(last, "j M Y")
    start = "j" if (first.year, first.month) == (last.year, last.month) else "j M"
    return f"{_day(first, start if first.year == last.year else 'j M Y')} – {_day(last, 'j M Y')}"


def _context(contents: Contents) -> dict[str, object]:
    counts = contents.counts
    return {
        "brand": CsatSettings.current().brand,
        "contents": contents,
        "days": days(contents),
        "csat": percent(counts.csat),
        "interval": percent_range(counts.csat_interval),
        "n": number(counts.n),
        "before": csat_and_interval(contents.before),
        "standing": str(STANDINGS[contents.standing]) if contents.standing else "",
        "change": str(CHANGES[contents.change]) if counts.n and contents.before.n else "",
        "response_rate": percent(counts.response_rate) if counts.delivered else "",
        "response_interval": percent_range(counts.response_interval),
        "movers": [_mover(mover) for mover in contents.movers],
        "causes": [
            (cause.label, number(cause.count), _share(cause.count, cause.whole, cause.interval))
            for cause in contents.causes
        ],
        "low": number(counts.low),
        "words": _quotes(contents.words),
        "waiting": _quotes(contents.waiting),
        "more_waiting": max(0, contents.waiting_count - len(contents.waiting)),
    }


def _mover(mover: Mover) -> dict[str, str]:
    return {
        "by": str(BY[mover.by]),
        "label": mover.label,
        "direction": "▲" if mover.better else "▼",
        "css": "up" if mover.better else "down",
        "now": csat_and_interval(mover.counts),
        "before": csat_and_interval(mover.before),
    }


def _share(part: int, whole: int, interval: Interval | None) -> str:
    return f"{percent(part / whole if whole else None)} ({percent_range(interval)})"


def _quotes(scores: Sequence[Score]) -> list[Quote]:
    return [
        Quote(
            face=scale.BY_SCORE[score.score].emoji,
            score=score.score,
            words=rendering.truncate(one_line(score.comment), QUOTED),
            who=", ".join(
                filter(None, [f"#{score.session.ticket_number}", score.agent.name if score.agent else ""])
            ),
            url=score.session.inbox_url,
        )
        for score in scores
    ]


def _figures(counts: Counts) -> JsonObject:
    interval = counts.csat_interval
    return {
        "csat": counts.csat,
        "csat_low": interval.low if interval else None,
        "csat_high": interval.high if interval else None,
        "answered": counts.n,
    }


def _day(day: date, style: str) -> str:
    return formats.date_format(day, style)


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.replace("\u00a0", " ").splitlines()]
    kept = [line for number, line in enumerate(lines) if line or (number and lines[number - 1])]
    return "\n".join(kept).strip() + "\n"
