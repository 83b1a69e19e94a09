"""The settings, by Django's checks and ours: what `manage.py check --deploy` says, as findings."""

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.utils.translation import gettext as _

from csat.diagnosis.findings import Area, Finding, Level, error, ok, warning

TAGS = ("csat", checks.Tags.security)
# Django's words for what csat.W005 says of a site without https
OF_PLAIN_HTTP = {"security.W004", "security.W008", "security.W012", "security.W016"}


def examine() -> Iterator[Finding]:
    """Needs no database; what would need one is examined only when it answers."""
    messages = checks.run_checks(tags=TAGS, include_deployment_checks=True)
    found = [message for message in messages if _counts(message)]
    yield from map(_finding, found)
    if not any(message.level >= checks.WARNING for message in found):
        yield ok(Area.SETTINGS, _("No problems found."))


def _counts(message: checks.CheckMessage) -> bool:
    return settings.HTTPS or message.id not in OF_PLAIN_HTTP


def _finding(message: checks.CheckMessage) -> Finding:
    text, todo = (
        f"{message.msg} ({message.id})",
        message.hint or _("Django's page on system checks says more, by this id."),
    )
    if message.level >= checks.ERROR:
        return error(Area.SETTINGS, text, todo)
    if message.level >= checks.WARNING:
        return warning(Area.SETTINGS, text, todo)
    return Finding(Area.SETTINGS, Level.OK, text, message.hint or "")
