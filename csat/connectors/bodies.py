"""Where what help desks sent stands: in the event's row until it was applied, in InboundBody afterwards."""

from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThan

from csat.connectors.models import CLOSED_WITH_BODY, NO_BODY, InboundBody, InboundEvent
from csat.lib.body_table import BodyTable

TABLE = BodyTable(
    InboundEvent,
    InboundBody,
    key="event_id",
    over=CLOSED_WITH_BODY,
    empty={"body": NO_BODY, "headers": {}},
    slice=200,  # a body may have two megabytes
)
due, move, delete_of, put_back = TABLE.due, TABLE.move, TABLE.delete_of, TABLE.put_back


def read_into(events: Iterable[InboundEvent], *, largest: int | None = None) -> None:
    """Give these instances, which are not saved afterwards, the bodies that were moved, by one query at most;
    `largest`: none of more characters.
    """
    TABLE.read_into(events, only=None if largest is None else Q(LessThan(Length("body"), largest)))
