"""What a report shows: the figures, the trend, and one of the tabs under it."""

from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from csat import scale
from csat.lib.text import as_uuid
from csat.lib.types import JsonObject
from csat.people.models import Brand
from csat.reports import chart_notes, formatting, queries, recovery, recovery_groups, targets
from csat.reports.comments import comments
from csat.reports.filters import CREDIT, LISTS, NONE, previous
from csat.reports.queries import Group
from csat.reports.scores import Counts
from csat.surveys.visibility import agents_among
from csat.web.reports import charts, hours, tables, themes
from csat.web.reports.causes import causes
from csat.web.reports.question import CREDITS, PARAMETERS, Question, address, coarser, known_teams
from csat.web.reports.trend import trend

Context = dict[str, object]

TABS = {
    "channel": gettext_lazy("Channels"),
    "agent": gettext_lazy("Agents"),
    "team": gettext_lazy("Teams"),
    "brand": gettext_lazy("Brands"),
    "language": gettext_lazy("Languages"),
    "handoff_reason": gettext_lazy("Handoff"),
    "tag": gettext_lazy("Tags"),
    "about": gettext_lazy("About"),
    "time_to_resolve": gettext_lazy("Time to resolve"),
    "hour": gettext_lazy("Hours"),
    "low": gettext_lazy("Low scores"),
    "comments": gettext_lazy("Comments"),
    "kept-apart": gettext_lazy("Quarantined"),
}
STEPS = {"day": gettext_lazy("Day"), "week": gettext_lazy("Week"), "month": gettext_lazy("Month")}
RECOVERY = {
    "low": gettext_lazy("Low score"),
    "reopened": gettext_lazy("Reopened afterwards"),
    "asked_again": gettext_lazy("Surveyed again"),
    "better": gettext_lazy("Better score"),
}
RECOVERED_BY = {
    "agent": gettext_lazy("Agent"),
    "team": gettext_lazy("Team"),
    "cause": gettext_lazy("Cause"),
}
DID = {
    "requested": gettext_lazy("asked"),
    "delivered": gettext_lazy("survey delivered"),
    "answered": gettext_lazy("answered"),
    "replied": gettext_lazy("delivered and answered"),
    "satisfied": gettext_lazy("satisfied"),
    "low": gettext_lazy("low score"),
    "waiting": gettext_lazy("awaiting an answer"),
}
PAGE = 25
THE_HELP = "help,unsolved,none"  # not the product, a rule or a price; most say nothing, as only 1-3 are asked


def context(question: Question, query: QueryDict) -> Context:
    tab = query.get("show", "")
    tabs = TABS if Brand.objects.exists() else {name: TABS[name] for name in TABS if name != "brand"}
    tab = tab if tab in tabs else "channel"
    counts, before = queries.figures(question.filters), queries.figures(previous(question.filters))
    question = question if query.get("step") else coarser(question, counts.n)
    target, notes = targets.find(question.filters), chart_notes.of_chart(question.filters)
    return {
        "target": target,
        "standing": targets.standing(counts, target.percent) if target else "",
        "question": question,
        "figures": figures(question, counts, before),
        "trend": trend(
            queries.grouped(question.filters, question.step),
            question,
            before=_groups_before(question, question.step),
            target=target.percent / 100 if target else None,
            notes=notes,
        ),
        "notes": notes,
        "known_teams": known_teams(question.filters),
        "steps": [(step, label, address(query, step=step)) for step, label in STEPS.items()],
        "tabs": [(name, label, address(query, show=name, search="", who="")) for name, label in tabs.items()],
        "show": tab,
        "sort": query.get("sort", ""),
        "chosen_step": query.get("step", ""),
        "address": address(query),
        "filters_in_words": filters_in_words(question),
        "unfiltered": address(query, **dict.fromkeys((*LISTS, "credit", "quarantined"), "")),
        "shared": f"{settings.SITE_URL}{reverse('reports')}?{address(query)}",
        "parameters": [
            (name, value)
            for name in PARAMETERS
            for value in query.getlist(name)
            if name != "search" and value
        ],
        "plain": address(query, show="", step="", search="", sort="", who=""),
        "comparing": address(query, compare="" if question.compare else "1"),
        **_tab_context(tab, question, query),
    }


def _tab_context(tab: str, question: Question, query: QueryDict) -> Context:
    match tab:
        case "agent":
            return _agents(question, query)
        case "low":
            return _low_scores(question, query)
        case "comments":
            search = query.get("search", "")[:200]
            page = comments(question.filters, search=search, limit=PAGE, cursor=query.get("before", ""))
            following = address(query, before=page.next) if page.next else ""
            listed: Context = {"comments": page, "search": search, "following": following}
            paging = search or query.get("before")
            return listed if paging else listed | themes.context(question, query)
        case "kept-apart":
            return _quarantined(question, query)
        case "handoff_reason":
            groups = queries.grouped(question.filters, tab)
            reasons = [group for group in groups if group.key != NONE]
            reasons.sort(key=lambda group: (-group.counts.low, group.label))
            bars = charts.bars(groups, question, tab, before=_groups_before(question, tab))
            arranged = [("", "", tables.arranged(bars, query))]
            return {"tables": arranged, "heads": tables.heads(query), "heat": charts.heat(reasons, question)}
        case "about":
            return {"causes": causes(queries.grouped(question.filters, tab), question)}
        case "hour":
            return {"maps": hours.maps(queries.grouped(question.filters, tab), question)}
    arranged = [("", "", tables.arranged(_bars(question, tab), query))]
    return {"tables": arranged, "heads": tables.heads(query)}


def figures(question: Question, counts: Counts, before: Counts) -> Context:
    figures, links = charts.Figures(counts), ("answered", "delivered", "replied", "waiting", "satisfied")
    return {
        "counts": counts,
        "csat": figures.csat,
        "interval": figures.interval,
        "n": formatting.number(counts.n),
        "csat_before": charts.Figures(before).csat_and_interval,
        "change": figures.change_since(before),
        "average": figures.average,
        "average_interval": figures.average_interval,
        "at": f"{100 * (counts.csat or 0):.2f}",
        "distribution": charts.distribution(counts, question),
        "rate": figures.rate,
        "rate_interval": figures.rate_interval,
        "answered": formatting.number(counts.answered),
        "delivered": formatting.number(counts.delivered),
        "still_open": formatting.number(counts.waiting),
        "difference": formatting.signed(counts.n - before.n),
        "links": {did: question.link(did=did) for did in links},
    }


def _groups_before(question: Question, by: str) -> list[Group]:
    return queries.grouped(previous(question.filters), by) if question.compare else []


def _bars(question: Question, by: str) -> list[charts.Bar]:
    groups = queries.grouped(question.filters, by)
    return charts.bars(groups, question, by, before=_groups_before(question, by))


def _agents(question: Question, query: QueryDict) -> Context:
    groups = queries.grouped(question.filters, "agent")
    ranked, few = charts.ranked(groups, question, before=_groups_before(question, "agent"))
    order = _("Ranked by an estimate that pulls agents with few answers towards the overall CSAT.")
    unranked = _("So few answers say little about a person.")
    who = query.get("who", "")[:200]
    shown = [tables.arranged(bars, query) for bars in (ranked, few)]
    return {
        "perspectives": _perspectives(question, query),
        "searchable": bool(who) or len(groups) > tables.FEW,
        "who": who,
        "found": any(shown),
        "heads": tables.heads(query),
        "tables": [
            *([] if who else [(_("Human and AI"), "", _bars(question, "agent_kind"))]),
            (_("Agents"), order, shown[0]),
            (_("Not ranked: fewer than 30 answers"), unranked, shown[1]),
        ],
    }


def _perspectives(question: Question, query: QueryDict) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Whose score it is, and which are about the help: (name, (label, address, chosen) of each choice)."""
    filters = question.filters
    credit = [
        (str(label), address(query, credit=name), name == filters.credit) for name, label in CREDITS.items()
    ]
    about = [
        (_("everything"), address(query, about=""), not filters.about),
        (_("the help"), address(query, about=THE_HELP), filters.about == tuple(THE_HELP.split(","))),
    ]
    return [(_("Credit goes to"), credit), (_("It was about"), about)]


def _low_scores(question: Question, query: QueryDict) -> Context:
    skip, recoveries = _skip(query), recovery_groups.read(question.filters)
    whole = recoveries.whole
    lows = recovery.low_scores(question.filters, skip=skip, limit=PAGE + 1)
    return {
        "lows": lows[:PAGE],
        "following": address(query, skip=str(skip + PAGE)) if len(lows) > PAGE else "",
        "recovery": charts.recovery(whole.steps, question, RECOVERY),
        "took": charts.hours(whole),
        "recovered": [
            (label, charts.recovered(recoveries.by(by), question, by)) for by, label in RECOVERED_BY.items()
        ]
        if whole.steps.low
        else [],
    }


def _quarantined(question: Question, query: QueryDict) -> Context:
    skip = _skip(query)
    answers = list(recovery.quarantined(question.filters)[skip : skip + PAGE + 1])
    return {
        "quarantined": answers[:PAGE],
        "following": address(query, skip=str(skip + PAGE)) if len(answers) > PAGE else "",
        "counting": address(query, quarantined="" if question.filters.quarantined else "1"),
    }


def _skip(query: QueryDict) -> int:
    text = query.get("skip", "")
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def in_words(question: Question, narrow: JsonObject) -> list[str]:
    """What the sessions behind a figure have in common."""
    days = [formats.date_format(day, "j M Y") for day in dict.fromkeys((question.first, question.last))]
    filters = [question.teams] if question.teams else []
    filters += [label for label, _address in filters_in_words(question)]
    scope = question.filters.scope
    return [" – ".join(days), *filters, *(_in_words(name, value, scope) for name, value in narrow.items())]


def filters_in_words(question: Question) -> list[tuple[str, str]]:
    """Each filter in words, and the address of the report without it."""
    filters = question.filters
    words = [
        (_in_words(name, value, filters.scope), question.without(name, value))
        for name, values in filters.chosen.items()
        for value in values
    ]
    if filters.credit != CREDIT[0]:
        words.append((_("credit: %(who)s") % {"who": CREDITS[filters.credit]}, question.without("credit")))
    if filters.quarantined:
        words.append((_("with quarantined answers"), question.without("quarantined")))
    return words


def _in_words(name: str, value: str | bool, scope: tuple[int, ...] | None) -> str:
    """A filter's value, or what the sessions behind a figure did."""
    if isinstance(value, bool):
        return str(DID[name])
    if name == "recovery":
        return _("low score") if value == "low" else f"{_('low score')}: {RECOVERY[value]}"
    if name == "cause":
        return queries.unset_label("about") if value == NONE else queries.label("about", value)
    if name in STEPS:
        return charts.period(value, name)
    if value == NONE:
        return queries.unset_label(name)
    if name == "hour":
        return queries.hour_label(int(value))
    if name == "agent":
        uuid = as_uuid(value)
        return str((uuid and agents_among(scope).filter(uuid=uuid).first()) or value)
    if name == "score":
        return f"{scale.BY_SCORE[int(value)].emoji} {value}"
    return queries.label(name, value)
