"""Providers: whether each one that is set up accepts our account. Every one is really asked."""

from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _

from csat.channels import circuits, registry
from csat.channels.base import Channel
from csat.channels.kinds import Channel as Kind
from csat.channels.status import MISCONFIGURED
from csat.diagnosis.findings import Area, Finding, error, ok, warning
from csat.lib.outcomes import Never, Outcome


def examine() -> Iterator[Finding]:
    """What is in the sandbox; without asking anybody."""
    sandboxed = [channel for channel in registry.all() if not channel.silent and channel.sandboxed()]
    if sandboxed:
        names = ", ".join(str(Kind(channel.kind).label) for channel in sandboxed)
        text = _("In the sandbox, where messages only go to the Outbox: %(names)s.")
        yield ok(Area.PROVIDERS, text % {"names": names})


def to_ask() -> list[Callable[[], Iterator[Finding]]]:
    """One for each provider; none of them uses the database."""
    channels = [channel for channel in registry.all() if not circuits.is_local(channel)]
    ready = {
        channel.status().transport: channel for channel in channels if channel.status().state != MISCONFIGURED
    }
    return [lambda name=name, channel=channel: _ask(name, channel) for name, channel in ready.items()]  # type: ignore[misc]


def _ask(name: str, channel: Channel) -> Iterator[Finding]:
    try:
        account = channel.check_account()
    except Outcome as outcome:
        yield _refused(name, channel, outcome)
        return
    if account:
        text = _("%(name)s accepts our account: %(account)s.") % {"name": name, "account": account}
        yield ok(Area.PROVIDERS, text)
    else:
        text = _("%(name)s cannot be asked without sending something.") % {"name": name}
        yield ok(Area.PROVIDERS, text, _("Press Send me a test in Settings → CSAT."))


def _refused(name: str, channel: Channel, outcome: Outcome) -> Finding:
    if isinstance(outcome, Never):
        text = _("%(name)s rejects our account: %(why)s")
        todo = _("Put %(variables)s right, restart, and press Resume in Settings → CSAT.")
        todo = todo % {"variables": channel.account_variables or _("its variables")}
        return error(Area.PROVIDERS, text % {"name": name, "why": outcome.text}, todo)
    text = _("%(name)s does not answer: %(why)s") % {"name": name, "why": outcome.text}
    todo = _("Look at the provider and at the network between; surveys wait, and none is lost.")
    return warning(Area.PROVIDERS, text, todo)
