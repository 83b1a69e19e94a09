"""What handoffs tell: why the AI gave conversations to people."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.sessions.models import Handoff, HandoffReason


def handoffs(*, start: datetime, end: datetime) -> dict[str, Any]:
    """Counts of the handoffs from `start` to before `end`; days are UTC."""
    rows = Handoff.objects.filter(created_at__gte=start, created_at__lt=end)
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
        **{f"{what}_references": [] for what in ("knowledge", "tool", "instruction", "prohibited_topic")},
    }


def _counted(rows: Any, name: str, total: int) -> list[dict[str, Any]]:
    counts = rows.order_by().values_list(name).annotate(count=Count("id")).order_by("-count", name)
    return [{name: value, "count": count, "percentage": _percent(count, total)} for value, count in counts]


def _combinations(rows: Any, sessions: int) -> list[dict[str, Any]]:
    """The sets of reasons a session was ever handed off for, most frequent first."""
    given: dict[int, set[str]] = {}
    for session, reason in HandoffReason.objects.filter(handoff__in=rows).values_list("session_id", "reason"):
        given.setdefault(session, set()).add(reason)
    counts = Counter(tuple(sorted(reasons)) for reasons in given.values())
    return [
        {"reasons": list(reasons), "session_count": count, "percentage": _percent(count, sessions)}
        for reasons, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _percent(part: int, whole: int) -> float:
    return part * 100 / whole if whole else 0.0


def _summary(total: int, sessions: int, reasons: list[dict[str, Any]]) -> str:
    if not total:
        return _("No handoffs.")
    many = ngettext("%(total)d handoff", "%(total)d handoffs", total) % {"total": total}
    many = ngettext("%(many)s in %(sessions)d session.", "%(many)s in %(sessions)d sessions.", sessions) % {
        "many": many,
        "sessions": sessions,
    }
    if not reasons:
        return many
    label = HandoffReason.Reason(reasons[0]["reason"]).label
    return _("%(many)s Most often: %(reason)s.") % {"many": many, "reason": label}
