"""The brand of a conversation: named by whoever begins it, else its team's; for good once it was asked."""

from typing import Any

import pytest

from csat.people import agents, brands
from csat.people.models import Brand, Team
from csat.sessions import activity, importing
from csat.sessions.models import Session
from csat.surveys.delivery import link_handouts
from tests.factories import API, make_agent, make_resolved_session, make_session

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _two_teams_with_brands() -> None:
    for slug in ("zebra", "giraffe"):
        brand = brands.create(by=API, slug=slug, name=slug.title())
        agents.find_or_create_team(slug.title())
        brands.give_to_teams(brand, Team.objects.filter(name=brand.name), by=API)


def team(name: str) -> Team:
    found = agents.find_or_create_team(name)
    assert found
    return found


def slug(session: Session) -> str:
    return brands.slug_of(session.again().brand)


class TestAtTheBeginning:
    def test_it_is_the_default_one_that_of_the_team_or_the_named_one(self) -> None:
        assert slug(make_session()) == "default"
        assert slug(make_session(team=team("Zebra"))) == "zebra"
        assert slug(make_session(team=team("Zebra"), **brands.named("giraffe"))) == "giraffe"
        assert slug(make_session(team=team("Zebra"), **brands.named("default"))) == "default"

    def test_an_agents_team_counts(self) -> None:
        layla = make_agent()
        layla.change(team=team("Giraffe"))
        assert slug(make_session(assignee=layla)) == "giraffe"

    def test_an_archived_one_comes_with_no_team(self) -> None:
        brands.archive(Brand.objects.get(slug="zebra"), by=API)
        assert slug(make_session(team=team("Zebra"))) == "default"


class TestAfterwards:
    def test_it_follows_the_team(self) -> None:
        session = make_session(team=team("Zebra"))
        activity.update(session, by=API, team=team("Giraffe"))
        assert slug(session) == "giraffe"
        activity.update(session, by=API, team=None)
        assert slug(session) == "default"

    def test_it_comes_with_the_team_of_who_is_assigned(self) -> None:
        layla, session = make_agent(), make_session()
        layla.change(team=team("Zebra"))
        activity.assign(session, layla, by=API)
        assert slug(session) == "zebra"

    def test_a_named_one_stays_whatever_the_team(self) -> None:
        session = make_session(team=team("Zebra"), **brands.named("default"))
        activity.update(session, by=API, team=team("Giraffe"))
        assert slug(session) == "default"
        activity.update(session, by=API, brand_settled=False)
        assert slug(session) == "giraffe"

    def test_a_team_that_gets_another_brand_changes_no_conversation(self) -> None:
        layla, session = make_agent(), make_session(team=team("Zebra"))
        Team.objects.filter(name="Zebra").update(brand=None)
        activity.assign(session.again(), layla, by=API)
        assert slug(session) == "zebra"


class TestOnceSettled:
    def test_it_stays_when_the_team_changes(self) -> None:
        session = make_resolved_session(team=team("Zebra"))
        activity.update(session, by=API, team=team("Giraffe"))
        assert (session.team.name, slug(session)) == ("Giraffe", "zebra")

    def test_a_link_that_somebody_took_settles_it(self) -> None:
        session = make_session(team=team("Zebra"))
        link_handouts.hand_out(session, by=API)
        activity.update(session, by=API, team=team("Giraffe"))
        assert slug(session) == "zebra"


class TestInBulk:
    def test_many_sessions_need_one_look_up_of_a_brand(self, django_assert_max_num_queries: Any) -> None:
        def items(number: int, name: str) -> list[dict[str, Any]]:
            return [{"external_id": f"{name}-{n}", "brand": name} for n in range(number)]

        importing.import_many(items(1, "zebra"), by=API)
        with django_assert_max_num_queries(60):
            importing.import_many(items(50, "giraffe"), by=API)
        assert Session.objects.filter(brand__slug="giraffe", brand_settled=True).count() == 50

    def test_a_wrong_one_is_the_error_of_its_item(self) -> None:
        items = [
            {"external_id": "1", "brand": "okapi"},
            {"external_id": "2", "brand": 5},
            {"external_id": "3"},
        ]
        first, second, third = importing.import_many(items, by=API)
        assert "okapi" in first["error"]
        assert second["error"].startswith("brand:")
        assert "id" in third

    def test_an_archived_one_is_refused_for_new_and_kept_by_known_sessions(self) -> None:
        item = {"external_id": "1", "brand": "zebra"}
        importing.import_many([item], by=API)
        brands.archive(Brand.objects.get(slug="zebra"), by=API)
        known = item | {"status": "closed_resolved"}
        answers = importing.import_many([known, {"external_id": "2", "brand": "zebra"}], by=API)
        assert "id" in answers[0]
        assert "archived" in answers[1]["error"]
        assert Session.objects.get().status == "closed_resolved"
