"""The tables of groups: sorted by a press on a head, and searched by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from csat.lib.text_search import fold
from csat.web.reports.charts import Bar
from csat.web.reports.question import address

FEW = 10  # rows that nobody needs to search
KEYS: dict[str, Callable[[Bar], float | str | None]] = {
    "name": lambda bar: fold(bar.label),
    "csat": lambda bar: bar.counts.csat,
    "n": lambda bar: bar.counts.n,
    "average": lambda bar: bar.counts.average,
    "rate": lambda bar: bar.counts.response_rate,
}


@dataclass(frozen=True)
class Head:
    name: str
    label: str
    address: str  # of the report sorted by it, the other way round when it is already
    sorted: str  # ascending, descending or nothing, as aria-sort has it


def heads(query: QueryDict) -> dict[str, Head]:
    """By name. Numbers are sorted from the largest first, names from A."""
    labels = {
        "name": _("Group"),
        "csat": _("CSAT"),
        "n": _("Ratings"),
        "average": _("Average"),
        "rate": _("Response rate"),
    }
    current, descending = _sort(query)
    return {
        name: Head(
            name,
            label,
            address(query, sort=_other_way(name, descending if name == current else None)),
            "" if name != current else "descending" if descending else "ascending",
        )
        for name, label in labels.items()
    }


def arranged(bars: Sequence[Bar], query: QueryDict) -> list[Bar]:
    """Those whose name holds what is searched for, sorted as asked; those without data last, either way."""
    who, (name, descending) = query.get("who", "")[:200].strip(), _sort(query)
    found = [bar for bar in bars if fold(who) in fold(bar.label)] if who else list(bars)
    if not name:
        return found
    key = KEYS[name]
    known = [bar for bar in found if key(bar) is not None]
    known.sort(key=lambda bar: key(bar) or 0, reverse=descending)
    return known + [bar for bar in found if key(bar) is None]


def _sort(query: QueryDict) -> tuple[str, bool]:
    """The column, nothing for the usual order, and whether it descends."""
    text = query.get("sort", "")
    name = text.removeprefix("-")
    return (name, text.startswith("-")) if name in KEYS else ("", False)


def _other_way(name: str, descending: bool | None) -> str:
    if descending is None:
        descending = name == "name"
    return name if descending else f"-{name}"
