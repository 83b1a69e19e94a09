"""Where the bodies of webhooks stand: in the attempt's row while it is under way, in WebhookBody when it has
ended.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from csat.webhooks.models import ENDED_WITH_BODY, NO_BODY, WebhookAttempt, WebhookBody

SLICE = 500


def due() -> bool:
    """Whether any body is to be moved."""
    return WebhookAttempt.objects.filter(ENDED_WITH_BODY).exists()


def move() -> int:
    """Move one slice of bodies out of the ended rows; how many. Safe to run several times at once."""
    with transaction.atomic():
        ended = WebhookAttempt.objects.filter(ENDED_WITH_BODY).select_for_update(skip_locked=True)
        attempts = list(ended.only("created_at", "body", "attempts").order_by("created_at")[:SLICE])
        WebhookBody.objects.bulk_create(
            WebhookBody(
                call_id=attempt.pk,
                created_at=attempt.created_at,
                body=attempt.body,
                attempts=attempt.attempts,
            )
            for attempt in attempts
        )
        pks = [attempt.pk for attempt in attempts]
        WebhookAttempt.objects.filter(pk__in=pks).update(body=NO_BODY, attempts=[])
    return len(attempts)


def delete_with(session_ids: list[int], **_: object) -> None:
    """This room's part of removing conversations altogether."""
    delete_of(WebhookAttempt.objects.filter(event__session_id__in=session_ids))


def delete_of(attempts: QuerySet[WebhookAttempt]) -> None:
    """Before these are deleted themselves."""
    WebhookBody.objects.filter(call_id__in=attempts.order_by().values("pk")).delete()


def read_into(attempts: Iterable[WebhookAttempt]) -> None:
    """Give these instances, which are not saved afterwards, the bodies and answers that were moved, by one
    query at most.
    """
    moved = {attempt.pk: attempt for attempt in attempts if attempt.body == NO_BODY}
    for kept in WebhookBody.objects.filter(call_id__in=moved) if moved else ():
        moved[kept.call_id].body, moved[kept.call_id].attempts = kept.body, kept.attempts


def put_back(attempts: QuerySet[WebhookAttempt]) -> None:
    """Before they are sent again: the body is where every worker looks. Call it in the same transaction."""
    rows, kept = attempts.order_by(), WebhookBody.objects.filter(call_id=OuterRef("pk"))
    list(rows.select_for_update(no_key=True).order_by("pk").values_list("pk"))  # whoever moves one ends first
    rows.filter(Exists(kept), body=NO_BODY).update(
        body=Subquery(kept.values("body")[:1]), attempts=Subquery(kept.values("attempts")[:1])
    )
    WebhookBody.objects.filter(call_id__in=rows.exclude(body=NO_BODY).values("pk")).delete()
