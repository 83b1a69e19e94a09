"""What a saved view asks, on other days than its own."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User

from csat.lib.refusal import Invalid
from csat.reports import views
from csat.reports.models import SavedView

pytestmark = pytest.mark.django_db
DAYS = (date(2026, 3, 23), date(2026, 3, 30))  # the clock of Berlin changes on the 29th


def test_filters_are_the_views_and_days_are_the_callers(manager_user: User) -> None:
    view = SavedView(
        user=manager_user,
        query="period=365&channel=email&channel=sms&tag=a,b&credit=last_human&quarantined=1",
    )
    filters = views.filters_of_days(view, *DAYS, zone=ZoneInfo("Europe/Berlin"), scope=(7,))
    assert (filters.channel, filters.tag, filters.credit) == (("email", "sms"), ("a,b",), "last_human")
    assert (filters.quarantined, filters.scope, filters.days) == (True, (7,), DAYS)
    assert filters.start.isoformat() == "2026-03-22T23:00:00+00:00"
    assert filters.end.isoformat() == "2026-03-29T22:00:00+00:00"


def test_what_it_filters_by_and_is_no_longer_there_is_named(manager_user: User) -> None:
    view = SavedView(user=manager_user, query="brand=gone")
    with pytest.raises(Invalid) as caught:
        views.filters_of_days(view, *DAYS, zone=ZoneInfo("UTC"), scope=None)
    assert set(caught.value.fields) == {"brand"}


def test_a_view_of_agents_names_them() -> None:
    assert views.names_agents(SavedView(query="agent=00000000-0000-4000-8000-000000000000"))
    assert not views.names_agents(SavedView(query="show=agent&agent=&agent_kind=ai"))
