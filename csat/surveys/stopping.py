"""A channel stops when the provider refuses our own account: nothing is burnt, and somebody is told."""

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from csat.channels import notices
from csat.channels.kinds import Channel
from csat.lib.outcomes import Never, Outcome
from csat.people import roles
from csat.surveys.models import ChannelSettings

log = structlog.get_logger(__name__)


@transaction.atomic
def stop(channel: str, outcome: Never) -> bool:
    """Nothing goes out on this channel until somebody has looked (settings.resume). False when it was stopped already."""
    row, _made = ChannelSettings.objects.get_or_create(kind=channel)
    if not row.change(where={"stopped_at": None}, stopped_at=timezone.now(), stopped_reason=outcome.text[:500]):
        return False
    transaction.on_commit(lambda: _alert(channel, outcome))
    return True


def _alert(channel: str, outcome: Never) -> None:
    """In the log for whoever watches it, and by mail to the admins, unless it is the mail that is broken."""
    log.error("channel stopped: the provider refused our account", channel=channel, code=outcome.code, error=outcome.text)
    label = str(Channel(channel).label)
    text = _("%(channel)s has stopped: %(reason)s\n\nSurveys wait until it is repaired and resumed: %(site)s/settings/csat/") % {
        "channel": label,
        "reason": outcome.text,
        "site": settings.SITE_URL,
    }
    for address in roles.emails_of(roles.ADMIN):
        try:
            notices.send("email", to=address, subject=_("Surveys on %(channel)s have stopped") % {"channel": label}, text=text)
        except Outcome as broken:
            log.warning("the admins could not be told by mail", error=broken.text)
