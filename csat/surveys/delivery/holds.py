"""What holds surveys back: a provider that refuses our account, one that is away, or somebody who paused."""

import structlog
from django.conf import settings as project
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import circuits, registry
from csat.channels.circuits import Circuit, Way
from csat.channels.kinds import SURVEYED, Channel
from csat.jobs import Job, enqueue
from csat.lib.outcomes import Never
from csat.lib.refusal import Invalid, Refused
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.surveys.models import ChannelSettings, CsatSettings, Pausable
from csat.timeline.recording import SYSTEM, Actor

log = structlog.get_logger(__name__)
NOTHING = {"paused_at": None, "paused_by": "", "paused_reason": ""}


@transaction.atomic
def pause(channel: str | None, *, by: Actor, reason: str = "") -> bool:
    """Send nothing, or nothing on this channel, until somebody resumes it. False when it was paused before.

    What is being sent in this moment still goes out. Raises Invalid for an unknown channel.
    """
    values = {"paused_at": timezone.now(), "paused_by": by.name[:200], "paused_reason": reason.strip()[:500]}
    if not _row(channel).change(where={"paused_at": None}, **values):
        return False
    after = {"channel": channel or "all", "reason": values["paused_reason"]}
    audit(by, AuditAction.SENDING_PAUSED, after=after)
    return True


@transaction.atomic
def resume(channel: str | None, *, by: Actor) -> bool:
    """Let everything, or a channel that was paused or stopped, send again. False when nothing held it.

    A channel stays held while everything is paused, and everything else while one channel is. Raises Refused
    for everything in a restored database: what was due then is for `release` to decide.
    """
    row = _row(channel)
    if isinstance(row, CsatSettings) and row.restored_from:
        raise Refused(_("This database was restored from a backup: release it instead."))
    ended = row.change(where={"paused_at__isnull": False}, **NOTHING)
    if channel is not None:
        ended |= _end_stop(row)
    if not ended:
        return False
    audit(by, AuditAction.SENDING_RESUMED, after={"channel": channel or "all"})
    enqueue(Job.SEND_DUE)
    return True


@transaction.atomic
def provider_works(channel: str, *, by: Actor) -> None:
    """Somebody has just sent a message: the channel is not stopped any more, and its provider not away."""
    if _end_stop(_row(channel)):
        audit(by, AuditAction.SENDING_RESUMED, after={"channel": channel})
    try_now(channel)


def try_now(channel: str) -> bool:
    """Let one survey try now whether the provider is back; False when it is not known to be away."""
    if not circuits.try_now(Way.of(registry.get(channel))):
        return False
    enqueue(Job.SEND_DUE)
    return True


@transaction.atomic
def stop(channel: str, outcome: Never) -> bool:
    """Send nothing on this channel until it is resumed, and alert the admins. False when it was stopped."""
    stopped = {"stopped_at": timezone.now(), "stopped_reason": outcome.text[:500]}
    if not _row(channel).change(where={"stopped_at": None}, **stopped):
        return False
    transaction.on_commit(lambda: _tell_of_stop(channel, outcome))
    return True


def _row(channel: str | None) -> Pausable:
    if channel is None:
        return CsatSettings.current()
    if channel not in SURVEYED:
        raise Invalid(_("There is no such channel."), fields={"channel": [_("There is no such channel.")]})
    return ChannelSettings.objects.get_or_create(kind=channel)[0]


def _end_stop(row: Pausable) -> bool:
    return row.change(where={"stopped_at__isnull": False}, stopped_at=None, stopped_reason="")


def _tell_of_stop(channel: str, outcome: Never) -> None:
    log.error(
        "channel stopped: the provider rejected our account",
        channel=channel,
        code=outcome.code,
        error=outcome.text,
    )
    label = str(Channel(channel).label)
    roles.write_to_admins(
        _("Surveys on %(channel)s have stopped") % {"channel": label},
        _(
            "%(channel)s has stopped: %(reason)s\n\n"
            "Surveys on this channel wait until you fix the provider and resume the channel:"
            " %(site)s/settings/csat/"
        )
        % {"channel": label, "reason": outcome.text, "site": project.SITE_URL},
    )


def tell_of_circuit(circuit: Circuit, **_more: object) -> None:
    """A provider went away or came back: an entry in the audit log, and a mail to the admins afterwards."""
    labels = ", ".join(str(Channel(kind).label) for kind in channels_of(circuit.way))
    away = circuit.opened_at is not None
    audit(
        SYSTEM,
        AuditAction.PROVIDER_AWAY if away else AuditAction.PROVIDER_BACK,
        after={"channels": labels, "provider": circuit.provider, "reason": circuit.reason if away else ""},
    )
    values = {"channels": labels, "reason": circuit.reason, "site": project.SITE_URL}
    if away:
        subject = _("Surveys wait: %(channels)s cannot be sent") % values
        text = _(
            "The provider of %(channels)s does not answer: %(reason)s\n\n"
            "Surveys wait and none is lost. Whether it is back is tried every few minutes:"
            " %(site)s/settings/csat/"
        )
    else:
        subject = _("Surveys go out again: %(channels)s") % values
        text = _("The provider of %(channels)s answers again. What waited is being sent.")
    transaction.on_commit(lambda: roles.write_to_admins(subject, text % values))


def channels_of(way: Way) -> list[str]:
    """The channels that go this way now."""
    return [channel.kind for channel in registry.all() if Way.of(channel) == way]
