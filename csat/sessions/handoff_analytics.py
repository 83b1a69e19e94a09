"""Handoff analytics: why the AI handed conversations over to people."""

from collections import Counter
from datetime import UTC, datetime

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.lib.types import JsonObject
from csat.sessions.models import Handoff, HandoffReason


def summarize(*, start: datetime, end: datetime) -> JsonObject:
    """Counts of the handoffs from `start` to before `end`; days are UTC."""
    rows = Handoff.objects.filter(created_at__gte=start, created_at__lt=end, session__practice=False)
    total, sessions = rows.count(), rows.values("session").distinct().count()
    reasons = _counted(HandoffReason.objects.filter(handoff__in=rows), "reason", total)
    return {
        "summary": _summary(total, sessions, reasons),
        "total_handoffs": total,
        "total_sessions": sessions,
        "start_date": start,
        "end_date": end,
        "reasons": reasons,
        "reason_combinations": _combinations(rows, sessions),
        "sentiments": _counted(rows.exclude(sentiment=""), "sentiment", total),
        "trends": [
            {"date": day, "count": count}
            for day, count in rows.order_by()
            .annotate(day=TruncDate("created_at", tzinfo=UTC))
            .values_list("day")
            .annotate(Count("id"))
            .order_by("day")
        ],
        **{f"{kind}_references": [] for kind in ("knowledge", "tool", "instruction", "prohibited_topic")},
    }


def _counted(rows: "QuerySet[Handoff] | QuerySet[HandoffReason]", name: str, total: int) -> list[JsonObject]:
    counts = rows.order_by().values_list(name).annotate(count=Count("id")).order_by("-count", name)
    return [{name: value, "count": count, "percentage": _percent(count, total)} for value, count in counts]


def _combinations(handoffs: QuerySet[Handoff], sessions: int) -> list[JsonObject]:
    """The sets of reasons a session was ever handed off for, most frequent first."""
    reasons_of: dict[int, set[str]] = {}
    pairs = HandoffReason.objects.filter(handoff__in=handoffs).values_list("session_id", "reason")
    for session_id, reason in pairs:
        reasons_of.setdefault(session_id, set()).add(reason)
    counts = Counter(tuple(sorted(reasons)) for reasons in reasons_of.values())
    return [
        {"reasons": list(reasons), "session_count": count, "percentage": _percent(count, sessions)}
        for reasons, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _percent(part: int, whole: int) -> float:
    return part * 100 / whole if whole else 0.0


def _summary(total: int, sessions: int, reasons: list[JsonObject]) -> str:
    if not total:
        return _("No handoffs.")
    handoffs = ngettext("%(total)d handoff", "%(total)d handoffs", total) % {"total": total}
    text = ngettext(
        "%(many)s in %(sessions)d conversation.", "%(many)s in %(sessions)d conversations.", sessions
    )
    text %= {"many": handoffs, "sessions": sessions}
    if not reasons:
        return text
    label = HandoffReason.Reason(reasons[0]["reason"]).label
    return _("%(many)s Most often: %(reason)s.") % {"many": text, "reason": label}
