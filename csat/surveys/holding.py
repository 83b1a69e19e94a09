"""One order in which rows are taken: session, survey, delivery. Whoever changes several takes them so, or two wait for each other."""

from django.utils import timezone

from csat.sessions.models import Session
from csat.surveys.models import Survey


def hold(survey: Survey, *, changed: bool = False) -> Survey:
    """Bring this survey up to date and keep it and its session from others until the transaction ends.

    `changed`: by the same query the session counts as changed.
    """
    (touch if changed else hold_sessions)([survey.session_id])
    related = dict(survey._state.fields_cache)
    survey.refresh_from_db(from_queryset=Survey.objects.select_for_update(no_key=True))
    survey._state.fields_cache.update(related)
    return survey


def hold_sessions(pks: list[int]) -> None:
    """Keep these sessions from others until the transaction ends, taken in the order of their ids."""
    list(Session.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk").values_list("pk", flat=True))


def touch(pks: list[int]) -> None:
    """These sessions count as changed, so that whoever syncs by updated_at hears of it; which takes them, too."""
    Session.objects.filter(pk__in=pks).update(updated_at=timezone.now())
