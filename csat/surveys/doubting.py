"""Scores that come as no person gives them: mail gateways open every face of a survey and some submit each."""

from datetime import timedelta

from csat.surveys.models import Answer, Source

SPAN = timedelta(seconds=10)
SCATTERED = "many_scores"


def scattered(given: Answer) -> list[Answer]:
    """Three or more different scores from different page views within ten seconds: those after the first. Otherwise none."""
    recent = [one for one in _recent(given) if one.provenance.get("view") and one.reason in ("", SCATTERED)]
    if len({one.score for one in recent}) < 3 or len({one.provenance["view"] for one in recent}) < 3:
        return []
    return [one for one in recent[1:] if one.state == Answer.State.ACCEPTED]


def _recent(given: Answer) -> list[Answer]:
    if given.source != Source.PAGE:
        return []
    return list(given.survey.answers.filter(source=Source.PAGE, created_at__gte=given.created_at - SPAN).order_by("revision"))
