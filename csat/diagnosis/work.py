"""Whether the work gets done: workers, their queue, surveys, events, webhooks and connections that wait."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from csat.connectors import status
from csat.connectors.models import Connection
from csat.connectors.status import Colour
from csat.diagnosis import words
from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.jobs import CLUSTERS, oldest_waiting
from csat.surveys.delivery import sending_status
from csat.surveys.delivery.sending_status import ChannelStatus, SendingState
from csat.timeline import dispatching, heartbeat
from csat.timeline.models import WorkerProcess
from csat.webhooks.models import Endpoint, WebhookAttempt

LATE = timedelta(minutes=5)  # anything timed is at most 90 s late when all is well
SHOWN = 10  # endpoints by name: of more only the number
COMMANDS = {"surveys": "manage.py qcluster", "outward": "manage.py qcluster -n outward"}


def workers() -> Iterator[Finding]:
    for name in CLUSTERS:
        standing = heartbeat.standing(name)
        start = _("Start %(command)s, and look at its log.") % {"command": COMMANDS[name]}
        for process in standing.silent:
            text = _("%(process)s has given no sign of life for %(span)s.")
            silent = {"process": process, "span": words.since(process.beat_at)}
            yield error(Area.WORKERS, text % silent, _("Restart it: manage.py alive tells a watchdog when."))
        if standing.fresh:
            text = ngettext(
                "%(n)d cluster of %(name)s is at work.",
                "%(n)d clusters of %(name)s are at work.",
                standing.fresh,
            )
            yield ok(Area.WORKERS, text % {"n": standing.fresh, "name": name})
        elif not standing.silent:
            last = heartbeat.last_beat(name)
            text = _("No worker of %(name)s runs; the last one worked %(span)s ago.")
            if last is None:
                text = _("No worker of %(name)s has ever run.")
            span = words.since(last) if last else ""
            yield error(Area.WORKERS, text % {"name": name, "span": span}, start)
    others = WorkerProcess.objects.filter(beat_at__gte=timezone.now() - heartbeat.STALE)
    for process in others.exclude(version__in=("", settings.VERSION)).order_by("pk"):
        text = _("%(process)s runs version %(version)s, this code is %(ours)s.")
        versions = {"process": process, "version": process.version, "ours": settings.VERSION}
        yield warning(Area.WORKERS, text % versions, _("Restart it."))


def queue() -> Iterator[Finding]:
    for name in CLUSTERS:
        since = oldest_waiting(name)
        if since is None:
            yield ok(Area.QUEUE, _("No task of %(name)s waits.") % {"name": name})
            continue
        text = _("The oldest task of %(name)s has waited for %(span)s.")
        text = text % {"name": name, "span": words.since(since)}
        todo = _("Start %(command)s, or more of them.") % {"command": COMMANDS[name]}
        yield error(Area.QUEUE, text, todo) if _is_late(since) else ok(Area.QUEUE, text)
    event = dispatching.oldest_waiting()
    if event and _is_late(event):
        text = _("The oldest event has waited for %(span)s to be told to webhooks and workflows.")
        todo = _("Look at the log of the outward worker.")
        yield error(Area.QUEUE, text % {"span": words.since(event)}, todo)


def surveys() -> Iterator[Finding]:
    """What waits and since when, whatever holds it; and each channel on which nothing goes out."""
    sending, backlog = sending_status.current(), sending_status.backlog()
    if backlog.oldest:
        text = ngettext(
            "%(n)d survey waits, the oldest for %(span)s.",
            "%(n)d surveys wait, the oldest for %(span)s.",
            backlog.number,
        )
        text = text % {"n": backlog.number, "span": words.since(backlog.oldest)}
    else:
        text = _("No survey is waiting.")
    if sending_status.overdue(sending, by=LATE):
        todo = _("Nothing holds them back but the workers: start manage.py qcluster, and look at its log.")
        yield error(Area.SURVEYS, text, todo)
    else:
        yield ok(Area.SURVEYS, text)
    for channel in sending.held_in_use:
        yield _of_channel(channel)


def _of_channel(channel: ChannelStatus) -> Finding:
    """In the provider's or the person's words."""
    text = f"{channel.label}: {channel.state.label}"
    if channel.since:
        text += _(", for %(span)s") % {"span": words.since(channel.since)}
    text += f": {channel.reason}" if channel.reason else ""
    if channel.state == SendingState.STOPPED:
        todo = _("Put the account at the provider in order, then press Resume in Settings → CSAT.")
        return error(Area.SURVEYS, text, todo)
    if channel.state == SendingState.AWAY:
        todo = _("Look at the provider; what waits goes out by itself when it is back, and none is lost.")
        return warning(Area.SURVEYS, text, todo)
    return warning(Area.SURVEYS, text, _("Press Resume in Settings → CSAT when it may go on."))


def webhooks() -> Iterator[Finding]:
    endpoints = [one for one in Endpoint.objects.alive() if one.waits or one.disabled_at]
    pending = WebhookAttempt.objects.filter(
        endpoint__in=endpoints[:SHOWN], state=WebhookAttempt.State.PENDING
    )
    numbers = dict(pending.order_by().values_list("endpoint").annotate(Count("id")))
    for endpoint in endpoints[:SHOWN]:
        yield _of_endpoint(endpoint, numbers.get(endpoint.pk, 0))
    if len(endpoints) > SHOWN:
        text = _("%(n)d more endpoints answer nobody.") % {"n": len(endpoints) - SHOWN}
        yield warning(Area.WEBHOOKS, text, _("See Settings → Webhooks."))
    number = Endpoint.objects.alive().count()
    if not number:
        yield ok(Area.WEBHOOKS, _("No webhook endpoint is set up."))
    elif not endpoints:
        text = ngettext("%(n)d endpoint; none fails.", "%(n)d endpoints; none fails.", number)
        yield ok(Area.WEBHOOKS, text % {"n": number})


def _of_endpoint(endpoint: Endpoint, waiting: int) -> Finding:
    """By its host: the path of its URL may be a secret."""
    host = endpoint.for_log["host"]
    if not endpoint.enabled:
        text = _("%(host)s was switched off: %(why)s.")
        text = text % {"host": host, "why": endpoint.disabled_reason or _("by hand")}
        return warning(Area.WEBHOOKS, text, _("Switch it on in Settings → Webhooks when it answers again."))
    text = ngettext(
        "%(host)s has answered nobody for %(span)s; %(n)d webhook waits.",
        "%(host)s has answered nobody for %(span)s; %(n)d webhooks wait.",
        waiting,
    )
    span = words.since(endpoint.failing_since or timezone.now())
    todo = _("Look at that server; its answers stand in Settings → Webhooks. What waits is sent by itself.")
    return warning(Area.WEBHOOKS, text % {"host": host, "span": span, "n": waiting}, todo)


def connections() -> Iterator[Finding]:
    rows = list(Connection.objects.alive())
    judged = status.statuses(rows)
    todo = _("Settings → Connections says more, and has the buttons.")
    for row in rows:
        state = judged[row.pk]
        text = f"{row.name or row.kind}: {state.text}"
        if state.colour == Colour.RED:
            yield error(Area.CONNECTIONS, text, todo)
        elif state.colour == Colour.AMBER:
            yield warning(Area.CONNECTIONS, text, todo)
        else:
            yield ok(Area.CONNECTIONS, text)
    if not rows:
        yield ok(Area.CONNECTIONS, _("No connection is set up."))


def _is_late(since: datetime) -> bool:
    return timezone.now() - since > LATE
