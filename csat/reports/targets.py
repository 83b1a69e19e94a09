"""The CSAT to reach, and whether a figure does: by its interval, so that chance reaches nothing."""

from enum import StrEnum

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, IntegerField, Value, When
from django.utils.translation import gettext as _

from csat.channels.kinds import Channel
from csat.lib.refusal import Problems
from csat.people import roles
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.models import Team
from csat.reports.filters import Filters
from csat.reports.models import Target
from csat.reports.scores import Counts


class Standing(StrEnum):
    REACHED = "reached"
    NOT_REACHED = "not_reached"
    TOO_FEW = "too_few"  # to tell


def standing(counts: Counts, percent: int) -> Standing:
    """Reached where the whole 95 % interval is at or above `percent` (1 to 100), not reached where it is all
    below it.
    """
    interval, share = counts.csat_interval, percent / 100
    if interval and interval.low >= share:
        return Standing.REACHED
    if interval and interval.high < share:
        return Standing.NOT_REACHED
    return Standing.TOO_FEW


def find(filters: Filters) -> Target | None:
    """The target of exactly these figures: of the organisation where nothing is filtered, of a team or a
    channel where nothing else is; a report of other figures has none.
    """
    chosen = filters.chosen
    team: int | None = None
    if filters.scope is not None:
        if len(filters.scope) != 1:
            return None
        team = filters.scope[0]
    match list(chosen.items()):
        case []:
            return Target.objects.filter(team=team, channel="").first()
        case [("channel", (channel,))] if team is None:
            return Target.objects.filter(team=None, channel=channel).first()
        case [("team", (name,))]:
            targets = Target.objects.filter(team__name=name, channel="")
            return targets.filter(**({"team": team} if team else {})).first()
    return None


def of_survey(filters: Filters) -> Case:
    """As a column of surveys: the target in percent of its team; without one of its channel, and without that
    of the organisation. A lead is told those of teams alone, as on the page.
    """
    found = {(row.team_id, row.channel): row.percent for row in Target.objects.all()}
    of_teams = [When(session__team=team, then=Value(percent)) for (team, _), percent in found.items() if team]
    if filters.scope is not None:
        return Case(*of_teams, default=Value(None), output_field=IntegerField(null=True))
    of_channels = [
        When(channel=channel, then=Value(percent)) for (_, channel), percent in found.items() if channel
    ]
    whole = Value(found.get((None, "")))
    return Case(*of_teams, *of_channels, default=whole, output_field=IntegerField(null=True))


@transaction.atomic
def set_target(*, percent: int | None, by: User, team: Team | None = None, channel: str = "") -> None:
    """Of the organisation, of `team` or of `channel` (its slug); None takes it away. Raises Invalid."""
    problems = Problems()
    if percent is not None and percent not in range(1, 101):
        problems.add("percent", _("Give a whole number from 1 to 100."))
    if channel and (team or channel not in Channel.values):
        problems.add("channel", _("Choose from the list."))
    problems.check()
    rows = Target.objects.select_for_update().filter(team=team, channel=channel)
    before = rows.values_list("percent", flat=True).first()
    if before == percent:
        return
    if percent is None:
        rows.delete()
    else:
        Target.objects.update_or_create(team=team, channel=channel, defaults={"percent": percent})
    of = team.name if team else channel
    audit(
        roles.actor_of(by),
        AuditAction.TARGET_CHANGED,
        before={"of": of, "percent": before},
        after={"of": of, "percent": percent},
    )
