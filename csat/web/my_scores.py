"""My scores: what customers said of the agent who reads it. Never a rank, and nobody else's figures."""

from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import quote

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from csat.people.models import Agent
from csat.people.permissions import Verb
from csat.reports import own_scores, queries
from csat.reports.filters import CREDIT, first_of, previous
from csat.surveys.models import Score
from csat.surveys.visibility import Visibility, visibility_for, visible_teams
from csat.web.access import StaffRequest, may
from csat.web.reports import page as report
from csat.web.reports import tabs
from csat.web.reports.question import Question, parse
from csat.web.reports.trend import trend

WEEKS = 12
FOLLOW_UPS = 50  # as many as one person can have taken in earnest


@dataclass(frozen=True)
class Quote:
    score: Score
    comment: str
    share: str = ""  # a mail to a colleague, to be addressed


@may(Verb.READ_OWN_SCORES)
@require_GET
def page(request: StaffRequest) -> HttpResponse:
    agent = Agent.objects.filter(user=request.user).first()
    if agent is None:
        return render(request, "my_scores/page.html", {"agent": None})
    visibility = visibility_for(request.user)
    month, weeks = _own(request, agent, "period=month"), _own(request, agent, _last_weeks())
    counts, before = queries.figures(month.filters), queries.figures(previous(month.filters))
    low = own_scores.low_scores(weeks.filters, visibility)
    context = {
        "agent": agent,
        "figures": tabs.figures(month, counts, before),
        "question": weeks,
        "trend": trend(queries.grouped(weeks.filters, "week"), weeks),
        "praise": _quotes(own_scores.praise(weeks.filters, visibility), visibility),
        "low": [
            (_("About your help"), _quotes(low.theirs, visibility)),
            (_("About the product, a rule or a price"), _quotes(low.not_theirs, visibility)),
        ],
        "comments_hidden": not visibility.can_see_comments,
        "follow_ups": own_scores.follow_ups(request.user, visibility)[:FOLLOW_UPS],
    }
    return render(request, "my_scores/page.html", context)


@may(Verb.READ_OWN_SCORES)
@require_GET
def sessions(request: StaffRequest) -> HttpResponse:
    """The conversations behind one of these figures, whatever else the address asks for."""
    agent = Agent.objects.filter(user=request.user).first()
    if agent is None:
        raise Http404
    question = _own(request, agent, request.GET.urlencode())
    return report.behind(request, question, back=reverse("my-scores"), back_label=_("My scores"))


def _own(request: StaffRequest, agent: Agent, query: str) -> Question:
    """What is asked, of the work of this agent alone: a score is that of who resolved it."""
    question = parse(QueryDict(query), scope=visible_teams(request.user))
    filters = replace(question.filters, agent=(str(agent.uuid),), credit=CREDIT[0], quarantined=False)
    return replace(question, filters=filters, sessions_page="my-scores-sessions")


def _last_weeks() -> str:
    """This week and those before it."""
    today = timezone.localdate()
    first = first_of("week", today) - timedelta(weeks=WEEKS - 1)
    return f"from={first}&until={today}&step=week"


def _quotes(scores: list[Score], visibility: Visibility) -> list[Quote]:
    return [Quote(score, visibility.comment_of(score), _mail(score)) for score in scores]


def _mail(score: Score) -> str:
    """Names the conversation and holds none of the customer's words: whoever gets it reads what they may."""
    subject = _("A customer liked this conversation: %(ticket)s") % {"ticket": score.session}
    return f"mailto:?subject={quote(subject)}&body={quote(score.session.inbox_url)}"
