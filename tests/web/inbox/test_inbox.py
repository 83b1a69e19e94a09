"""The inbox and its rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.people import brands
from csat.people.agents import agent_for_user
from csat.people.audit_actions import AuditAction
from csat.people.audit_log import audit
from csat.people.profiles import profile_of
from csat.people.roles import actor_of
from csat.sessions import activity
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.kept_links import RATING_URL
from csat.surveys.rules import settings
from csat.themes.models import Theme
from csat.timeline.recording import SYSTEM
from csat.web import paging
from csat.web.inbox import chips
from csat.web.middleware import note_reader
from tests.factories import (
    API,
    make_agent,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
)
from tests.themes.conftest import Comment, comment

__all__ = ["comment"]
pytestmark = pytest.mark.django_db


def rated(score: int = 4, comment: str = "", **details: Any) -> Any:
    """A session whose customer answered."""
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, comment=comment, source=Source.PAGE)
    return survey.session.again()


def listed(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"/inbox/?{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def shows(page: str, session: Any) -> bool:
    return f'id="session-{session.pk}"' in page


def chip_count(page: str, name: str) -> str:
    chip = page.split(f'name="{name}"')[1].split("</label>")[0]
    return chip.split('<small class="badge">')[1].split("<")[0]


class TestList:
    def test_a_row_tells_who_what_and_how_it_was_rated(self, agent: Client) -> None:
        rated(5, "Quick, thanks", contact=make_contact(name="Ana Souza"), subject="Refund not arrived")
        page = listed(agent)
        for words in (
            "Ana Souza",
            "Refund not arrived",
            "My parcel has not come.",
            "Quick, thanks",
            'aria-label="5, Excellent"',
        ):
            assert words in page

    def test_a_link_that_was_kept_is_read_as_the_address_it_was(self, agent: Client) -> None:
        activity.add_message(make_session(), sender="agent", text=f"Rate us: {RATING_URL}", by=API)
        page = listed(agent)
        assert "/r/…" in page
        assert RATING_URL not in page

    def test_what_a_customer_wrote_cannot_become_markup(self, agent: Client) -> None:
        rated(2, "<script>alert(1)</script>", contact=make_contact(name="<b>Eve</b>"))
        page = listed(agent)
        assert "<b>Eve" not in page
        assert "<script>alert" not in page

    def test_a_low_rating_says_that_somebody_should_look_after_it(self, agent: Client) -> None:
        rated(1)
        assert "Needs follow-up" in listed(agent).split('<ul class="rows">')[1]

    def test_the_newest_activity_comes_first(self, agent: Client) -> None:
        first, second = make_session(), make_session()
        activity.add_message(first, sender="contact", text="Still waiting", by=API)
        page = listed(agent)
        assert page.index(f"session-{first.pk}") < page.index(f"session-{second.pk}")

    def test_an_empty_inbox_says_why_and_what_to_do(self, agent: Client) -> None:
        page = listed(agent)
        assert "No conversations yet" in page
        assert "Practise" in page

    def test_an_empty_inbox_offers_what_its_reader_may_do(
        self, agent: Client, manager: Client, admin: Client
    ) -> None:
        offers = ("Practise", "Connect your help desk", "Use the API")
        pages = [client.get("/inbox/").content.decode() for client in (agent, manager, admin)]
        assert [tuple(offer in page for offer in offers) for page in pages] == [
            (True, False, False),
            (True, False, False),
            (True, True, True),
        ]

    def test_a_search_without_hits_offers_the_way_back(self, agent: Client) -> None:
        make_session()
        page = listed(agent, "q=nobody+like+this")
        assert "No conversations found" in page
        assert "Clear filters" in page


class TestFilters:
    def test_a_session_bridged_into_the_widget_is_found_under_web_chat(self, agent: Client) -> None:
        bridged, plain = make_session("instagram", bridged_to_web=True), make_session("instagram")
        assert shows(listed(agent, "channel=web"), bridged)
        assert not shows(listed(agent, "channel=web"), plain)
        assert shows(listed(agent, "channel=instagram"), plain)
        assert not shows(listed(agent, "channel=instagram"), bridged)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=open", "open"),
            ("status=closed_resolved&score=2", "rated"),
            ("channel=sms", "open"),
            ("score=2", "rated"),
            ("score=low", "rated"),
            ("score=any", "rated"),
            ("score=none&status=open", "open"),
            ("needs_follow_up=1", "rated"),
            ("low=1", "rated"),
            ("unanswered=1", "asked"),
            ("q=souza", "rated"),
            ("q=ANA@souza.example", "rated"),
            ("q=REFUND", "rated"),
            ("q=broken", "rated"),
            ("q=0170+1234", "open"),
        ],
    )
    def test_each_keeps_what_fits_and_leaves_out_what_does_not(
        self, agent: Client, query: str, found: str
    ) -> None:
        ana = make_contact(name="Ana Souza", email="ana@souza.example")
        sessions = {
            "rated": rated(2, "still broken", contact=ana, subject="Refund not arrived"),
            "open": make_session("sms", contact=make_contact(phone="+4901701234")),
            "asked": make_sent_survey("email").session,
        }
        page = listed(agent, query)
        assert {name for name, session in sessions.items() if shows(page, session)} == {found}

    def test_mine_are_those_assigned_to_the_reader(self, agent: Client, agent_user: User) -> None:
        mine, other = make_session(assignee=agent_for_user(agent_user)), make_session(assignee=make_agent())
        page = listed(agent, "mine=1")
        assert shows(page, mine)
        assert not shows(page, other)

    def test_each_chip_counts_what_it_shows(self, agent: Client, agent_user: User) -> None:
        make_session(assignee=agent_for_user(agent_user))
        rated(1)
        rated(2)
        rated(5)
        make_sent_survey("email")
        counts = {"mine": "1", "needs_follow_up": "2", "low": "2", "unanswered": "1"}
        page = listed(agent)
        assert {name: chip_count(page, name) for name in counts} == counts
        for name, count in counts.items():
            assert listed(agent, f"{name}=1").count('id="session-') == int(count)

    def test_a_chip_counts_no_further_than_anybody_reads(
        self, agent: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chips, "MOST", 1)
        rated(1)
        assert chip_count(listed(agent), "low") == "1"
        rated(1)
        assert chip_count(listed(agent), "low") == "1+"

    def test_a_chip_counts_only_what_the_reader_may_see(self, agent: Client) -> None:
        rated(1)
        settings.change(by=API, agents_see_own_only=True)
        assert chip_count(listed(agent), "low") == "0"

    def test_hits_are_counted_once_something_is_asked_for(
        self, agent: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_session("sms")
        assert 'class="hits' not in listed(agent)
        assert "1 conversation\n" in listed(agent, "channel=sms")
        make_session("sms")
        assert "2 conversations\n" in listed(agent, "channel=sms")
        monkeypatch.setattr(chips, "HITS", 1)
        assert "1+ conversations\n" in listed(agent, "channel=sms")

    def test_hits_are_counted_beyond_the_first_page_and_only_then(self, agent: Client) -> None:
        for _ in range(paging.SIZE):
            make_session("sms")
        listed(agent, "channel=sms")  # the first request asks for more
        with CaptureQueriesContext(connection) as of_one_page:
            assert f"{paging.SIZE} conversations\n" in listed(agent, "channel=sms")
        make_session("sms")
        with CaptureQueriesContext(connection) as of_two_pages:
            assert f"{paging.SIZE + 1} conversations\n" in listed(agent, "channel=sms")
        assert len(of_two_pages) == len(of_one_page) + 1

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("since=2026-03-29", {1, 2, 3}),
            ("until=2026-03-29", {0, 1, 2}),
            ("since=2026-03-29&until=2026-03-29", {1, 2}),
            ("since=2026-03-30&until=2026-03-29", set()),
            ("since=yesterday", {0, 1, 2, 3}),
        ],
    )
    def test_days_are_those_of_the_reader_also_when_the_clock_changes(
        self, agent: Client, agent_user: User, query: str, found: set[int]
    ) -> None:
        profile_of(agent_user).change(timezone="Europe/Berlin")
        note_reader(browser := agent.session, agent_user)
        browser.save()
        times = [f"2026-03-{at}Z" for at in ("28T22:59:59", "28T23:00:00", "29T21:59:59", "29T22:00:00")]
        sessions = [make_session() for _ in times]
        for session, at in zip(sessions, times, strict=True):
            Session.objects.filter(pk=session.pk).update(last_activity_at=at)
        page = listed(agent, query)
        assert {n for n, session in enumerate(sessions) if shows(page, session)} == found

    def test_the_agent_filter_finds_who_it_is_with_and_who_resolved_it(self, agent: Client) -> None:
        layla = make_agent()
        mine = [make_session(assignee=layla), make_resolved_session(assignee=layla)]
        other = make_session()
        page = listed(agent, f"agent={layla.uuid}")
        assert all(shows(page, session) for session in mine)
        assert not shows(page, other)

    def test_there_is_a_filter_by_brand_once_there_are_two(self, agent: Client) -> None:
        assert 'name="brand"' not in listed(agent, "")
        brands.create(by=SYSTEM, slug="zebra", name="Zebra")
        ours, theirs = make_session(**brands.named("zebra")), make_session()
        assert 'name="brand"' in listed(agent, "")
        for slug, found, other in (("zebra", ours, theirs), ("default", theirs, ours)):
            page = listed(agent, f"brand={slug}")
            assert shows(page, found)
            assert not shows(page, other)

    def test_a_ticket_number_finds_its_conversation_with_or_without_the_hash(self, agent: Client) -> None:
        session, other = make_session(), make_session()
        for query in (f"q={session.pk}", f"q=%23{session.pk}"):
            assert shows(listed(agent, query), session)
        assert not shows(listed(agent, f"q=%23{session.pk}"), other)

    def test_nonsense_filters_nothing(self, agent: Client) -> None:
        session = make_session()
        assert shows(listed(agent, "status=gone&agent=x&score=9&before=yesterday_1&channel=fax"), session)

    def test_the_chosen_ones_stand_in_the_form(self, agent: Client) -> None:
        assert '<option value="sms" selected>' in listed(agent, "channel=sms&q=ana")


class TestPages:
    @pytest.fixture(autouse=True)
    def _small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole: Callable[..., paging.Page] = paging.page
        monkeypatch.setattr(paging, "page", lambda queryset, **given: whole(queryset, **given, size=2))

    def test_every_conversation_is_on_exactly_one_page(self, agent: Client) -> None:
        sessions = [make_session() for _ in range(5)]
        seen, address = [], ""
        for _ in range(3):
            page = listed(agent, address)
            seen += [session.pk for session in sessions if shows(page, session)]
            address = page.split('rel="next" href="?')[1].split('"')[0] if 'rel="next"' in page else ""
        assert sorted(seen) == sorted(session.pk for session in sessions)
        assert address == ""

    def test_the_next_page_keeps_the_filters(self, agent: Client) -> None:
        for _ in range(3):
            make_session("sms")
        assert 'rel="next" href="?channel=sms&amp;before=' in listed(agent, "channel=sms")


class TestNews:
    def poll(self, client: Client, page: str) -> int:
        version = page.split("v=")[1].split('"')[0]
        return client.get(f"/inbox/?v={version}", headers={"HX-Request": "true"}).status_code

    def test_nothing_new_is_answered_with_nothing(self, agent: Client) -> None:
        make_session()
        assert self.poll(agent, listed(agent)) == 204

    def test_a_new_message_brings_the_rows_anew_and_only_them(self, agent: Client) -> None:
        session = make_session()
        page = listed(agent)
        activity.add_message(session, sender="contact", text="Are you there?", by=API)
        assert self.poll(agent, page) == 200
        fragment = listed(agent, **{"HX-Request": "true"})
        assert "Are you there?" in fragment
        assert "<html" not in fragment

    def test_what_only_the_audit_log_keeps_is_no_news(self, agent: Client, agent_user: User) -> None:
        page = listed(agent)
        audit(actor_of(agent_user), AuditAction.PROFILE_CHANGED, target=agent_user)
        assert self.poll(agent, page) == 204

    def test_a_cache_knows_the_fragment_from_the_page(self, agent: Client) -> None:
        assert "HX-Request" in agent.get("/inbox/").headers["Vary"]


class TestScoreVisibility:
    """What agents see of ratings when the settings keep some from them; managers see everything."""

    def test_comments_hidden_from_agents(self, agent: Client, manager: Client) -> None:
        rated(5, "Wonderful Sam")
        settings.change(by=API, comments_hidden_from_agents=True)
        assert "Wonderful Sam" not in listed(agent)
        assert "Wonderful Sam" in listed(manager)

    def test_a_hidden_comment_cannot_be_guessed_by_searching(self, agent: Client) -> None:
        session = rated(5, "Wonderful Sam")
        settings.change(by=API, comments_hidden_from_agents=True)
        assert not shows(listed(agent, "q=wonderful"), session)

    def test_agents_see_only_their_own_scores(self, agent: Client, manager: Client, agent_user: Any) -> None:
        mine = rated(5, assignee=agent_for_user(agent_user))
        theirs = rated(1, assignee=make_agent("Layla Haddad"))
        settings.change(by=API, agents_see_own_only=True)
        assert shows(listed(agent), theirs)
        assert 'aria-label="1, Terrible"' not in listed(agent)
        assert [shows(listed(agent, "score=any"), session) for session in (mine, theirs)] == [True, False]
        assert not shows(listed(agent, "needs_follow_up=1"), theirs)
        assert 'aria-label="1, Terrible"' in listed(manager)


class TestCost:
    @pytest.mark.parametrize("fragment", [True, False])
    def test_fifty_rows_cost_as_many_queries_as_one(
        self, agent: Client, fragment: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(paging.page, "__kwdefaults__", paging.page.__kwdefaults__ | {"size": 50})
        headers = {"HX-Request": "true"} if fragment else {}
        costs = []
        for many in (1, 49):
            for _ in range(many):
                rated(1, "x", assignee=make_agent())
            listed(agent, **headers)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                listed(agent, **headers)
            costs.append(len(queries))
        assert costs[0] == costs[1]
        assert costs[1] <= 17  # one of them counts the chips, two are themes


class TestFollowUps:
    """What is to be followed up: whoever has waited longest first, and what is late."""

    @pytest.fixture
    def three(self) -> list[Session]:
        sessions = []
        for _ in range(3):
            survey = make_sent_survey()
            answering.answer(survey, score=1, source="page")
            sessions.append(survey.session)
        return sessions

    def test_whoever_has_waited_longest_comes_first(self, agent: Client, three: list[Session]) -> None:
        page = listed(agent, "needs_follow_up=1")
        places = [page.index(f'id="session-{session.pk}"') for session in three]
        assert places == sorted(places)

    def test_overdue_shows_only_what_is_late(self, agent: Client, three: list[Session]) -> None:
        three[1].follow_up.change(due_at=timezone.now() - timedelta(minutes=1))
        page = listed(agent, "overdue=1")
        assert [f'id="session-{session.pk}"' in page for session in three] == [False, True, False]
        assert ">Overdue</span>" in page

    def test_one_is_taken_in_the_list_and_the_list_stays(
        self, agent: Client, agent_user: User, three: list[Session]
    ) -> None:
        assert 'name="from" value="list"' in listed(agent, "needs_follow_up=1")
        address = f"/inbox/{three[0].uuid}/take/"
        answer = agent.post(address, {"from": "list", "query": "needs_follow_up=1"})
        assert answer.headers["Location"] == "/inbox/?needs_follow_up=1"
        assert three[0].follow_up.again().owner == agent_user

    def test_who_may_not_handle_them_takes_none(self, analyst: Client, three: list[Session]) -> None:
        assert 'value="list"' not in listed(analyst, "needs_follow_up=1")
        assert analyst.post(f"/inbox/{three[0].uuid}/take/").status_code in (403, 404)


class TestThemes:
    def test_a_theme_filters_and_stands_beside_its_conversation(
        self, agent: Client, manager: Client, comment: Comment
    ) -> None:
        score = comment("The parcel never arrived.")
        comment("Wonderful.", score=5)
        page = manager.get("/inbox/").content.decode()
        assert '<select id="filter-theme"' in page
        assert page.count('data-theme="') == 1
        page = manager.get("/inbox/?theme=delivery").content.decode()
        assert f'id="session-{score.session_id}"' in page
        assert page.count('class="row session"') == 1
        assert manager.get("/inbox/?theme=refund").content.decode().count('class="row session"') == 0
        assert manager.get("/inbox/?theme=nonsense").content.decode().count('class="row session"') == 2
        Theme.objects.filter(slug="delivery").update(muted=True)
        assert 'data-theme="' not in manager.get("/inbox/").content.decode()
        assert manager.get("/inbox/?theme=delivery").content.decode().count('class="row session"') == 2

    def test_whoever_reads_no_comments_learns_nothing_of_them_by_their_themes(
        self, agent: Client, comment: Comment
    ) -> None:
        comment("The parcel never arrived.")
        assert agent.get("/inbox/?theme=delivery").content.decode().count('class="row session"') == 1
        settings.change(by=API, comments_hidden_from_agents=True)
        page = agent.get("/inbox/").content.decode()
        assert "filter-theme" not in page
        assert 'data-theme="' not in page
        assert agent.get("/inbox/?theme=delivery").content.decode().count('class="row session"') == 0
