"""One press instead of some steps: the webhook is made in the help desk by its API."""

from django.utils.translation import gettext as _

from csat.connectors import connections
from csat.connectors.api_client import ApiClient
from csat.connectors.models import Connection
from csat.lib.outcomes import Outcome
from csat.lib.refusal import Refused
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.timeline.recording import Actor


def make_webhook(connection: Connection, *, by: Actor) -> None:
    """Make the webhook to our address there, and keep the secret that comes back. Raises Refused with what is
    wrong, and encryption.UnknownKey.
    """
    system, config = connection.system, connection.config
    if not config.token or not system.can("set_up"):
        raise Refused(_("Enter the token first."))
    try:
        with ApiClient(system, config) as api:
            secret = system.set_up(config, api, connection.inbound_url)
    except Outcome as trouble:
        text = _("The webhook could not be made: %(why)s")
        raise Refused(text % {"why": trouble.text}) from trouble
    if secret:
        connections.change(connection, by=by, secrets_given={"inbound": secret})
    audit(by, AuditAction.CONNECTION_WEBHOOK_MADE, after={"name": connection.name}, target=connection)
