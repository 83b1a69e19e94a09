"""What goes of the events of help desks: what they sent. Their keys stay, so that none comes twice."""

from django.utils.translation import gettext_lazy as _

from csat.connectors import bodies
from csat.lib.retention import Kind

count, drop = bodies.TABLE.count_old, bodies.TABLE.drop_old
KINDS = (
    Kind(
        "inbound_bodies",
        _("Help desks: what they sent"),
        _("The event stays with what became of it; it can no longer be processed again."),
        7,
        count,
        drop,
    ),
)
