"""Scores that no person gave: mail gateways open every face of a survey, and some submit each."""

from datetime import timedelta

from csat.surveys.choices import QuarantineReason, Source
from csat.surveys.models import Answer

BURST_WINDOW = timedelta(seconds=10)
MIN_SCORES = 3


def burst_of_scores(latest: Answer) -> list[Answer]:
    """Three or more different scores from different page views within ten seconds: those after the first."""
    since = latest.created_at - BURST_WINDOW
    recent = latest.survey.answers.filter(source=Source.PAGE, created_at__gte=since).order_by("revision")
    burst = [
        answer
        for answer in recent
        if answer.provenance.get("view") and answer.reason in ("", QuarantineReason.MANY_SCORES)
    ]
    scores = {answer.score for answer in burst}
    views = {answer.provenance["view"] for answer in burst}
    if len(scores) < MIN_SCORES or len(views) < MIN_SCORES:
        return []
    return [answer for answer in burst[1:] if answer.state == Answer.State.ACCEPTED]
