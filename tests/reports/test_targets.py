"""Targets: of which figures they are, and whether these reach them by their interval."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.people.models import Team
from csat.reports import targets
from csat.reports.filters import parse
from csat.reports.models import Target
from csat.reports.scores import Counts
from csat.reports.targets import Standing
from csat.timeline.models import Event


@pytest.mark.parametrize(
    ("scores", "percent", "expected"),
    [
        ((0, 0, 0, 0, 90), 95, Standing.REACHED),  # 96-100 %
        ((0, 0, 0, 0, 90), 97, Standing.TOO_FEW),
        ((90, 0, 0, 0, 10), 20, Standing.NOT_REACHED),  # 6-17 %
        ((90, 0, 0, 0, 10), 10, Standing.TOO_FEW),
        ((0, 0, 0, 0, 3), 80, Standing.TOO_FEW),
        ((0, 0, 0, 0, 0), 80, Standing.TOO_FEW),
    ],
)
def test_a_figure_reaches_its_target_by_its_whole_interval(
    scores: Any, percent: int, expected: Standing
) -> None:
    assert targets.standing(Counts(scores=scores), percent) == expected


@pytest.mark.django_db
def test_each_figure_has_the_target_of_exactly_what_it_is_of(manager_user: User) -> None:
    care, sales = Team.objects.create(name="Care"), Team.objects.create(name="Sales")
    targets.set_target(percent=80, by=manager_user)
    targets.set_target(percent=90, by=manager_user, team=care)
    targets.set_target(percent=70, by=manager_user, channel="sms")

    def found(scope: tuple[int, ...] | None = None, **given: Any) -> int | None:
        target = targets.find(parse(given, scope=scope))
        return target.percent if target else None

    assert (found(), found(team="Care"), found(channel="sms")) == (80, 90, 70)
    assert found((care.pk,)) == found((care.pk,), team="Care") == 90
    others: list[dict[str, Any]] = [
        {"team": "Sales"}, {"channel": "email"}, {"team": ["Care", "Sales"]}, {"tag": "vip"},
        {"team": "Care", "channel": "sms"}, {"scope": (care.pk, sales.pk)}, {"scope": ()},
        {"scope": (care.pk,), "channel": "sms"}, {"scope": (sales.pk,), "team": "Care"},
    ]  # fmt: skip
    assert [found(**given) for given in others] == [None] * len(others)


@pytest.mark.django_db
def test_a_target_is_set_changed_and_taken_away_and_each_is_in_the_audit_log(manager_user: User) -> None:
    for percent in (80, 80, 85, None):
        targets.set_target(percent=percent, by=manager_user)
        assert list(Target.objects.values_list("percent", flat=True)) == ([percent] if percent else [])
    events = Event.objects.filter(data__what="report.target_changed").order_by("pk")
    assert [event.data["after"]["percent"] for event in events] == [80, 85, None]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"percent": 0}, "percent"),
        ({"percent": 101}, "percent"),
        ({"percent": 5, "channel": "fax"}, "channel"),
    ],
)
def test_what_is_wrong_is_named(manager_user: User, given: Any, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        targets.set_target(by=manager_user, **given)
    assert set(caught.value.fields) == {field}
