"""One order in which rows are taken: session, survey, delivery. Whoever changes several takes them so, or two wait for each other."""

from csat.sessions.models import Session
from csat.surveys.models import Survey


def hold(survey: Survey) -> Survey:
    """Bring this survey up to date and keep it and its session from others until the transaction ends."""
    hold_session(survey.session_id)
    related = dict(survey._state.fields_cache)
    survey.refresh_from_db(from_queryset=Survey.objects.select_for_update(no_key=True))
    survey._state.fields_cache.update(related)
    return survey


def hold_session(pk: int) -> None:
    Session.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk", flat=True).first()
