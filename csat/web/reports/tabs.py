"""What a report shows: the figures, the trend, and one of the tabs under it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from csat.channels import faces
from csat.people.models import Agent
from csat.reports import filters as reading
from csat.reports import groups as naming
from csat.reports import queries
from csat.reports.scores import Counts
from csat.web.reports import asking, charts, trend, words
from csat.web.reports.asking import CREDITS, KEPT, Question, address

TABS = {
    "channel": gettext_lazy("Channels"),
    "agent": gettext_lazy("Agents"),
    "team": gettext_lazy("Teams"),
    "language": gettext_lazy("Languages"),
    "handoff_reason": gettext_lazy("Handoff"),
    "tag": gettext_lazy("Tags"),
    "about": gettext_lazy("About"),
    "low": gettext_lazy("Low scores"),
    "comments": gettext_lazy("Comments"),
    "kept-apart": gettext_lazy("Kept apart"),
}
PAGE = 25
THEIRS = "help,unsolved,none"  # not the product, a rule or a price; most say nothing, as only 1-3 are asked


def told(question: Question, given: QueryDict) -> dict[str, Any]:
    show = given.get("show", "")
    show = show if show in TABS else "channel"
    counts, before = queries.figures(question.filters), queries.figures(reading.previous(question.filters))
    question = question if given.get("step") else asking.coarser(question, counts.n)
    return {
        "question": question,
        "figures": figures(question, counts, before),
        "trend": _trend(question),
        "steps": [(step, label, address(given, step=step)) for step, label in _steps()],
        "tabs": [(name, label, address(given, show=name, search="")) for name, label in TABS.items()],
        "show": show,
        "chosen_step": given.get("step", ""),
        "again": address(given),
        "chosen": chosen(question),
        "unfiltered": address(given, **dict.fromkeys((*reading.LISTS, "credit", "quarantined"), "")),
        "shared": f"{settings.SITE_URL}{reverse('reports')}?{address(given)}",
        "kept": [(name, value) for name in KEPT if name != "search" for value in given.getlist(name) if value],
        "plain": address(given, show="", step="", search=""),
        "comparing": address(given, compare="" if question.compare else "1"),
    } | SHOWN.get(show, _groups)(question, given, show)


def figures(question: Question, counts: Counts, before: Counts) -> dict[str, Any]:
    return {
        "counts": counts,
        "before": before,
        "csat": words.percent(counts.csat),
        "interval": words.between(counts.csat_interval),
        "n": words.number(counts.n),
        "csat_before": words.told(before) if before.n else "",
        "change": charts.change(counts, before),
        "average": words.decimal(counts.average),
        "average_interval": words.around(counts.average_interval),
        "at": f"{100 * (counts.csat or 0):.2f}",
        "slices": charts.distribution(counts, question),
        "rate": words.percent(counts.response_rate),
        "rate_interval": words.between(counts.response_interval),
        "answered": words.number(counts.answered),
        "delivered": words.number(counts.delivered),
        "still_open": words.number(counts.waiting),
        "difference": words.signed(counts.n - before.n),
        "links": {did: question.link(did=did) for did in ("answered", "delivered", "replied", "waiting", "satisfied")},
    }


def _trend(question: Question) -> trend.Trend:
    before = queries.grouped(reading.previous(question.filters), question.step) if question.compare else []
    return trend.trend(queries.grouped(question.filters, question.step), question, before=before)


def _groups(question: Question, given: QueryDict, show: str) -> dict[str, Any]:
    groups = queries.grouped(question.filters, show)
    before = _before(question, show)
    if show == "agent":
        kinds = queries.grouped(question.filters, "agent_kind")
        ranked, few = charts.ranked(groups, question, before=before)
        return {
            "lenses": _lenses(question, given),
            "tables": [
                (_("Human and AI"), "", charts.bars(kinds, question, "agent_kind", before=_before(question, "agent_kind"))),
                (_("Agents"), _("In the order of an estimate that pulls small numbers towards the whole."), ranked),
                (_("Fewer than 30 answers"), _("Shown, not ranked: so few answers say little about a person."), few),
            ],
        }
    if show == "handoff_reason":
        return {"tables": [("", "", charts.bars(groups, question, show, before=before))], "heat": _heat(question, groups)}
    return {"tables": [("", "", charts.bars(groups, question, show, before=before))]}


def _lenses(question: Question, given: QueryDict) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Whose score it is, and what of it was theirs: (name, (label, address, chosen) of each choice)."""
    credit = [(str(label), address(given, credit=name), name == question.filters.credit) for name, label in CREDITS.items()]
    about = [
        (_("everything"), address(given, about=""), not question.filters.about),
        (_("the help"), address(given, about=THEIRS), question.filters.about == tuple(THEIRS.split(","))),
    ]
    return [(_("Credit goes to"), credit), (_("It was about"), about)]


def _heat(question: Question, groups: list[naming.Group]) -> list[charts.HeatRow]:
    reasons = [group for group in groups if group.key != reading.NONE]
    return charts.heat(sorted(reasons, key=lambda group: (-sum(group.counts.scores[:2]), group.label)), question)


def _before(question: Question, by: str) -> list[naming.Group]:
    return queries.grouped(reading.previous(question.filters), by) if question.compare else []


def _low(question: Question, given: QueryDict, show: str) -> dict[str, Any]:
    skip = _skip(given)
    found = queries.low_scores(question.filters, skip=skip, limit=PAGE + 1)
    following = address(given, skip=str(skip + PAGE)) if len(found) > PAGE else ""
    return {
        "lows": found[:PAGE],
        "following": following,
        "recovery": charts.recovery(queries.recovery(question.filters), question, RECOVERY),
    }


RECOVERY = {
    "low": gettext_lazy("Gave a low score"),
    "reopened": gettext_lazy("reopened after it"),
    "asked_again": gettext_lazy("asked again"),
    "better": gettext_lazy("gave a better one"),
}


def _comments(question: Question, given: QueryDict, show: str) -> dict[str, Any]:
    search = given.get("search", "")[:200]
    found = queries.comments(question.filters, search=search, limit=PAGE, cursor=given.get("before", ""))
    return {"comments": found, "search": search, "following": address(given, before=found.next) if found.next else ""}


def _kept_apart(question: Question, given: QueryDict, show: str) -> dict[str, Any]:
    skip = _skip(given)
    found = list(queries.quarantined(question.filters)[skip : skip + PAGE + 1])
    following = address(given, skip=str(skip + PAGE)) if len(found) > PAGE else ""
    counting = address(given, quarantined="" if question.filters.quarantined else "1")
    return {"apart": found[:PAGE], "following": following, "counting": counting}


def _skip(given: QueryDict) -> int:
    text = given.get("skip", "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _steps() -> list[tuple[str, str]]:
    return [("day", gettext("Day")), ("week", gettext("Week")), ("month", gettext("Month"))]


SHOWN: dict[str, Callable[[Question, QueryDict, str], dict[str, Any]]] = {
    "low": _low,
    "comments": _comments,
    "kept-apart": _kept_apart,
}


def in_words(question: Question, narrow: dict[str, Any]) -> list[str]:
    """What sessions behind a figure have in common."""
    days = [formats.date_format(day, "j M Y") for day in dict.fromkeys((question.first, question.last))]
    said = [" – ".join(days)]
    said += [label for label, _query in chosen(question)]
    return said + [_in_words(name, values) for name, values in narrow.items()]


def chosen(question: Question) -> list[tuple[str, str]]:
    """Each filter in words, and the address of the report without it."""
    filters = question.filters
    found = [(_in_words(name, value), question.without(name, value)) for name, values in filters.chosen.items() for value in values]
    if filters.credit != reading.CREDIT[0]:
        found.append((_("credit: %(who)s") % {"who": CREDITS[filters.credit]}, question.without("credit")))
    if filters.quarantined:
        found.append((_("with answers kept apart"), question.without("quarantined")))
    return found


def _in_words(name: str, values: Any) -> str:
    if name in queries.DID:
        return {
            "requested": _("asked"), "delivered": _("survey delivered"), "answered": _("answered"), "replied": _("delivered and answered"),
            "satisfied": _("satisfied"), "low": _("low score"), "waiting": _("can still answer"),
        }[name]  # fmt: skip
    if name == "recovery":
        return _("low score") if values == "low" else f"{_('low score')}: {RECOVERY[values]}"
    if name in ("day", "week", "month"):
        return words.period(values, name)
    keys = [values] if isinstance(values, str) else list(values)
    return ", ".join(_called(name, key) for key in keys)


def _called(name: str, key: str) -> str:
    if key == reading.NONE:
        return naming.nothing(name)
    if name == "agent":
        return str(Agent.objects.filter(uuid=key).first() or key)
    if name == "score":
        return f"{faces.BY_SCORE[int(key)].emoji} {key}"
    if name not in naming.NAMES or name == "team":
        return key
    return naming.NAMES[name]([key]).get(key, (key, key))[1]
