"""Where the bodies of webhooks stand: in the attempt's row while it is under way, in WebhookBody when it has
ended.
"""

from csat.lib.body_table import BodyTable
from csat.webhooks.models import ENDED_WITH_BODY, NO_BODY, WebhookAttempt, WebhookBody

TABLE = BodyTable(
    WebhookAttempt,
    WebhookBody,
    key="call_id",
    over=ENDED_WITH_BODY,
    empty={"body": NO_BODY, "attempts": []},
    slice=500,
)
due, move, delete_of, read_into = TABLE.due, TABLE.move, TABLE.delete_of, TABLE.read_into
put_back = TABLE.put_back  # before they are sent again: the body is where every worker looks


def delete_with(session_ids: list[int], **_: object) -> None:
    """This room's part of removing conversations altogether."""
    delete_of(WebhookAttempt.objects.filter(event__session_id__in=session_ids))
