"""Reports: figures in the address's words, the conversations behind each, saved views."""

import itertools
import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from csat.people import agents, brands
from csat.people.models import Team
from csat.reports.models import SavedView
from csat.reports.queries import Group
from csat.reports.scores import Counts
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import Source
from csat.surveys.models import Survey
from csat.timeline.recording import SYSTEM
from csat.web.reports import charts, tabs, trend
from csat.web.reports.question import parse
from tests.factories import make_agent, make_contact, make_sent_survey

pytestmark = pytest.mark.django_db


def rate(score: int, comment: str = "", *, channel: str = "email", **details: Any) -> Survey:
    survey = make_sent_survey(channel, **details)
    answering.answer(survey, score=score, comment=comment, source=Source.PAGE)
    return survey


def page_of(client: Client, query: str = "", path: str = "/reports/", **headers: Any) -> str:
    answer = client.get(f"{path}?{query}", headers=headers)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())  # no-break spaces become plain ones


def tile(page: str, label: str) -> str:
    return page.split(f'<p class="label">{label}</p>')[1].split('<p class="label">')[0].split("</section>")[0]


class TestFigures:
    def test_csat_comes_with_its_interval_and_n(self, manager: Client) -> None:
        for score in (5, 4, 4, 1):
            rate(score)
        csat = tile(page_of(manager), "CSAT")
        assert "75 %" in csat
        assert "30–95 %" in csat  # Wilson for 3 of 4
        assert "n 4</a>" in csat

    def test_every_other_figure_comes_with_them_too(self, manager: Client) -> None:
        for score in (5, 4, 4, 1):
            rate(score)
        make_sent_survey()
        page = page_of(manager)
        assert re.search(r"\d\.\d–\d\.\d</span>, n 4", tile(page, "Average"))
        assert "Good: 2 (50 %, 15–85 %, n 4)" in page
        assert "38–96 %" in tile(page, "Response rate")  # Wilson for 4 of 5
        row = page.split('table class="data bars')[1].split("<tbody>")[1]
        for figure in ("75 %", "30–95 %", ">4</a>", "3.5", "80 %", "38–96 %", "4 of <a"):
            assert figure in row

    def test_without_ratings_it_says_no_data_and_never_zero_percent(self, manager: Client) -> None:
        make_sent_survey()
        page = page_of(manager)
        assert "no data" in tile(page, "CSAT")
        assert "No data: no ratings in this period." in page
        assert "0 %" in tile(page, "Response rate")  # one was delivered and not answered: that is data
        assert "1 awaiting an answer" in tile(page, "Response rate")

    @pytest.mark.parametrize(
        ("asked", "query", "said"),
        [
            (False, "", "Set up surveys"),
            (True, "", "1 survey was requested, but not answered."),
            (True, "channel=sms", "Show without filters"),
        ],
    )
    def test_an_empty_report_says_why_and_what_to_do(
        self, manager: Client, asked: bool, query: str, said: str
    ) -> None:
        if asked:
            make_sent_survey()
        assert said in page_of(manager, query)

    def test_a_change_is_marked_only_where_the_intervals_part(self, manager: Client) -> None:
        rate(5)
        earlier = rate(1)
        Survey.objects.filter(pk=earlier.pk).update(counted_at=timezone.now() - timedelta(days=40))
        assert "no clear change" in tile(page_of(manager), "CSAT")
        before, now = Counts(scores=(90, 0, 0, 0, 10)), Counts(scores=(10, 0, 0, 0, 90))
        changes = charts.Figures(now).change_since(before), charts.Figures(before).change_since(now)
        assert changes == ("up", "down")

    @pytest.mark.parametrize(
        "query", ["channel=email", "agent_kind=human", "score=4,5", "tag=vip", "team=Billing", "language=de"]
    )
    def test_a_filter_reaches_every_figure(self, manager: Client, query: str) -> None:
        details = {
            "assignee": make_agent(),
            "tags": ["vip"],
            "team": agents.find_or_create_team("Billing"),
            "language": "de",
        }
        rate(5, **details)
        rate(1, channel="sms")
        page = page_of(manager, query)
        assert "100 %" in tile(page, "CSAT")
        assert "> 1 delivered </a>" in tile(page, "Response rate")
        assert "n 1" in tile(page, "CSAT")

    def test_quarantined_answers_count_only_when_asked_for(self, manager: Client) -> None:
        answering.answer(make_sent_survey(), score=1, source=Source.PAGE, quarantine="honeypot")
        assert "no data" in tile(page_of(manager), "CSAT")
        page = page_of(manager, "quarantined=1&show=kept-apart")
        assert "n 1" in tile(page, "CSAT")
        assert "with quarantined answers" in page.split('class="report-line"')[1].split("</p>")[0]
        assert "Included in all figures: exclude them" in page
        assert 'href="?show=kept-apart&amp;quarantined=1"' in page_of(
            manager, "show=kept-apart"
        )  # the switch
        assert "Filled in a field people do not see" in page_of(manager, "show=kept-apart")


class TestAddress:
    def test_a_fragment_pushes_an_address_without_what_is_empty(self, manager: Client) -> None:
        answer = manager.get(
            "/reports/?period=7&from=2026-01-01&until=2026-01-02&channel=&agent=&show=team",
            headers={"HX-Request": "true"},
        )
        assert answer["HX-Push-Url"] == "/reports/?period=7&show=team"
        assert "<html" not in answer.content.decode()

    def test_a_period_of_ones_own_includes_its_last_day(self) -> None:
        question = parse(QueryDict("period=custom&from=2026-03-01&until=2026-03-31&timezone=Europe/Berlin"))
        assert (question.filters.start.isoformat(), question.filters.end.isoformat()) == (
            "2026-02-28T23:00:00+00:00",
            "2026-03-31T22:00:00+00:00",
        )
        assert question.last.isoformat() == "2026-03-31"

    def test_days_are_those_of_the_reader(self) -> None:
        with timezone.override("Asia/Tokyo"):
            assert parse(QueryDict("")).filters.zone.key == "Asia/Tokyo"

    @pytest.mark.parametrize("period", ["7", "30", "90", "365", "month", "last-month"])
    def test_every_named_period_is_a_window(self, period: str) -> None:
        question = parse(QueryDict(f"period={period}"))
        assert question.problems == {}
        assert question.first <= question.last <= timezone.localdate()

    @pytest.mark.parametrize(
        "query",
        [
            "from=nonsense",
            "from=2026-02-02&until=2026-01-01",
            "channel=fax",
            "agent=x",
            "until=9999-12-31",
            "timezone=Mars",
        ],
    )
    def test_nonsense_is_told_beside_the_usual_report(self, manager: Client, query: str) -> None:
        answer = manager.get(f"/reports/?{query}")
        assert answer.status_code == 422
        assert "These filters are not valid" in answer.content.decode()

    def test_few_ratings_are_drawn_by_the_week_unless_days_are_asked_for(self, manager: Client) -> None:
        rate(5)
        assert page_of(manager).count('circle class="point"') == 1
        rows = page_of(manager).split("<tbody>")[1].split("</tbody>")[0].count("<tr>")
        assert rows <= 6
        assert page_of(manager, "step=day").split("<tbody>")[1].split("</tbody>")[0].count("<tr>") == 30

    def test_several_values_from_a_link_stay_together(self, manager: Client) -> None:
        page = page_of(manager, "channel=email,sms")
        assert '<option value="email,sms" selected>Email, SMS</option>' in page

    def test_so_do_several_names_and_tags_and_what_the_form_sends_means_the_same(
        self, manager: Client
    ) -> None:
        page = manager.get("/reports/?team=Billing&team=Tier 2, Berlin&tag=vip&tag=late").content.decode()
        assert '<option value="Billing\nTier 2, Berlin" selected>' in page
        assert [value in page for value in ('name="tag" value="vip"', 'name="tag" value="late"')] == [
            True,
            True,
        ]
        sent = parse(QueryDict("team=Billing%0D%0ATier+2,+Berlin")).filters  # a browser sends line ends so
        assert sent.team == ("Billing", "Tier 2, Berlin")

    def test_every_filter_is_told_and_can_be_taken_away(self, manager: Client) -> None:
        line = (
            page_of(manager, "channel=email,sms&tag=vip&credit=last_human")
            .split('class="report-line"')[1]
            .split("</p>")[0]
        )
        assert [words in line for words in ("Email", "SMS", "vip", "credit: the last human")] == [True] * 4
        assert 'href="?tag=vip&amp;credit=last_human&amp;channel=sms"' in line  # without email
        assert 'href="?channel=email%2Csms&amp;credit=last_human"' in line  # without the tag


class TestTabs:
    @pytest.mark.parametrize("show", [*tabs.TABS, "nonsense"])
    @pytest.mark.parametrize("compare", ["", "1"])
    def test_every_tab_opens_with_and_without_data(self, manager: Client, show: str, compare: str) -> None:
        page_of(manager, f"show={show}&compare={compare}")
        rate(1, "Still broken", assignee=make_agent(), tags=["vip"])
        page_of(manager, f"show={show}&compare={compare}")

    def test_agents_with_few_answers_are_shown_and_not_ranked(self, manager: Client) -> None:
        rate(5, assignee=make_agent("Sam Lee"))
        page = page_of(manager, "show=agent")
        assert "Not ranked: fewer than 30 answers" in page
        assert "Sam Lee" in page.split("Not ranked: fewer than 30 answers")[1]
        assert 'class="rank' not in page

    def test_thirty_answers_are_a_rank_and_a_surer_one_stands_higher(self) -> None:
        question, groups = parse(QueryDict("")), [
            Group("a", "Few and perfect", Counts(scores=(0, 0, 0, 0, 30))),
            Group("b", "Many and nearly", Counts(scores=(10, 0, 0, 0, 990))),
            Group("c", "Many and good", Counts(scores=(60, 0, 0, 0, 940))),
            Group("d", "29 answers", Counts(scores=(0, 0, 0, 0, 29))),
            Group("none", "No agent", Counts(scores=(0, 0, 0, 0, 99))),
        ]  # fmt: skip
        ranked, few = charts.ranked(groups, question)
        assert [(bar.rank, bar.label) for bar in ranked] == [
            (1, "Many and nearly"),
            (2, "Few and perfect"),
            (3, "Many and good"),
        ]
        assert [(bar.rank, bar.label) for bar in few] == [(0, "29 answers"), (0, "No agent")]

    def test_a_lens_says_whose_score_it_is_and_what_of_it_was_theirs(self, manager: Client) -> None:
        sam, about = make_agent("Sam Lee"), {"help": 1, "product": 1, "policy": 2}
        for word, score in about.items():
            answering.answer(make_sent_survey(assignee=sam), score=score, about=word, source=Source.PAGE)
        rate(5, assignee=sam)
        perspective = page_of(manager, "show=agent").split('class="perspectives"')[1]
        assert (
            'href="?credit=most_replies&amp;show=agent"' in perspective
            or 'href="?show=agent&amp;credit=most_replies"' in perspective
        )
        assert "about=help%2Cunsolved%2Cnone" in perspective
        assert "n 2" in tile(page_of(manager, "about=help,unsolved,none&show=agent"), "CSAT")

    def test_causes_have_their_share_of_the_low_scores(self, manager: Client) -> None:
        """A CSAT of each cause is 0 % by construction: only those who rate low are asked for one."""
        for word, score in (("help", 1), ("help", 2), ("product", 2), ("policy", 3), ("unsolved", 5)):
            answering.answer(make_sent_survey(), score=score, about=word, source=Source.PAGE)
        rate(1)
        page = page_of(manager, "show=about").split("report-tabs")[1]
        cause = r'<th scope="row"> <a href="([^"]*)" title="[^"]*"> ([^<]*)</a> </th>.*?strong">([^<]*)<'
        causes = re.findall(cause, page)
        assert [(label, share) for _link, label, share in causes] == [
            ("The help I got", "50 %"),
            ("The product", "25 %"),
            ("Not specified", "25 %"),
        ]
        assert "2 of 4" in page
        assert "15–85 %" in page
        link = causes[0][0].replace("&amp;", "&")
        assert manager.get(link).context["count"] == "2"

    def test_what_is_compared_stands_in_the_table_too(self, manager: Client) -> None:
        rate(5)
        earlier = rate(1)
        Survey.objects.filter(pk=earlier.pk).update(counted_at=timezone.now() - timedelta(days=30))
        page = page_of(manager, "compare=1&step=day")
        assert "0 % (0–79 %, n 1)" in page.split("Previous period")[1].split("</table>")[0]
        assert "0–79 %, n 1" in page.split('table class="data bars')[1]

    def test_comments_are_found_and_marked(self, manager: Client) -> None:
        rate(2, "The <b>parcel</b> never came")
        rate(5, "Lovely")
        page = page_of(manager, "show=comments&search=parcel")
        assert "The &lt;b&gt;<mark>parcel</mark>&lt;/b&gt; never came" in page
        assert "Lovely" not in page
        assert "No comments found" in page_of(manager, "show=comments&search=zebra")

    def test_low_scores_tell_who_cares(self, manager: Client) -> None:
        rate(1, "Still broken", contact=make_contact(name="Li Wei"))
        rate(5, contact=make_contact(name="Ana Souza"))
        page = page_of(manager, "show=low")
        assert "Li Wei" in page
        assert "Ana Souza" not in page
        assert "unassigned" in page

    def test_the_queries_do_not_grow_with_the_data(self, manager: Client) -> None:
        for show in tabs.TABS:
            costs = []
            for n in range(2):
                for _ in range(3):
                    rate(1, "no", assignee=make_agent(f"Agent {show} {n}"), tags=[f"tag {show} {n}"])
                page_of(manager, f"show={show}")
                with CaptureQueriesContext(connection) as queries:
                    page_of(manager, f"show={show}&compare=1")
                costs.append(len(queries))
            assert costs[0] == costs[1] <= (36 if show == "comments" else 34), show

    def test_words_are_compared_only_where_somebody_asks(self, manager: Client) -> None:
        for _ in range(12):
            rate(1, "The hinge broke", contact=make_contact(name="Hinge Hunter"))
            rate(5, "Lovely weather")
        page = page_of(manager, "show=comments&channel=email")
        assert "Compare words" in page
        assert "standouts" not in page
        address = re.search(r'data-hx-get="([^"]+)" data-hx-target="#words"', page)[1].replace("&amp;", "&")  # type: ignore[index]
        with CaptureQueriesContext(connection) as queries:
            part = page_of(manager, address[1:], HX_Request="true", HX_Target="words")
        assert len(queries) <= 16
        assert "<h1" not in part
        assert ">broke</span>" in part
        assert "hinge" not in part  # a customer's name
        whole = page_of(manager, address[1:])  # without JavaScript
        assert ">broke</span>" in whole
        assert "<h1" in whole
        few = page_of(manager, "show=comments&words=1&score=4")
        assert "No word stands out" not in few  # there is no comment at all
        assert "No word stands out" in page_of(manager, "show=comments&words=1&score=5")


class TestBehindAFigure:
    def test_every_link_of_a_report_opens_as_many_conversations_as_the_figure_says(
        self, manager: Client
    ) -> None:
        rate(5, contact=make_contact(name="Ana Souza"))
        rate(1, channel="sms", contact=make_contact(name="Li Wei"))
        question = parse(QueryDict(""))
        address = question.link(by="channel", key="sms", did="answered")
        page = " ".join(manager.get(address).content.decode().split())
        assert "Li Wei" in page
        assert "Ana Souza" not in page
        assert "SMS" in page.split("<h1>")[1].split("</p>")[0]

    def test_the_distribution_is_a_bar_with_counts(self, manager: Client) -> None:
        for score in (5, 5, 4, 1):
            rate(score)
        page = page_of(manager).split('aria-label="Distribution of scores"')[1].split("</section>")[0]
        places = re.findall(r'class="fill-(\d)" x="([\d.]+)%" width="([\d.]+)%"', page)
        assert places == [
            ("1", "0", "25"),
            ("2", "25", "0"),
            ("3", "25", "0"),
            ("4", "25", "25"),
            ("5", "50", "50"),
        ]
        assert re.findall(r'<span class="strong">(\d+)</span>', page) == ["1", "0", "0", "1", "2"]
        assert "given=5" in page

    def test_one_score_of_the_distribution(self, manager: Client) -> None:
        rate(5, contact=make_contact(name="Ana Souza"))
        rate(1, contact=make_contact(name="Li Wei"))
        page = page_of(manager, "given=1", "/reports/sessions/")
        assert "Li Wei" in page
        assert "Ana Souza" not in page

    def test_a_day(self, manager: Client) -> None:
        rate(5, contact=make_contact(name="Ana Souza"))
        today = timezone.localdate()
        assert "Ana Souza" in page_of(manager, f"by=day&key={today}", "/reports/sessions/")
        assert "No conversations" in page_of(
            manager, f"by=day&key={today - timedelta(days=1)}", "/reports/sessions/"
        )
        assert manager.get("/reports/sessions/?by=day&key=nonsense").status_code == 404

    def test_every_key_a_tab_links_is_understood(self, manager: Client) -> None:
        rate(1, assignee=make_agent(), tags=["vip"], team=agents.find_or_create_team("Billing"))
        for by in ("channel", "agent", "agent_kind", "team", "language", "handoff_reason", "tag", "about"):
            question = parse(QueryDict(""))
            (group,) = tabs.queries.grouped(question.filters, by)
            page = " ".join(manager.get(question.link(by=by, key=group.key)).content.decode().split())
            assert group.label in page.split("<h1>")[1].split("</p>")[0]
            assert "Nadia Berg" in page, by


class TestBrands:
    def test_with_one_brand_nothing_speaks_of_brands(self, manager: Client) -> None:
        rate(5)
        page = page_of(manager)
        assert "show=brand" not in page
        assert 'name="brand"' not in page

    def test_a_tab_a_filter_and_its_drill_down_once_there_are_two(self, manager: Client) -> None:
        brands.create(by=SYSTEM, slug="zebra", name="Zebra")
        rate(5, contact=make_contact(name="Ana Souza"), **brands.named("zebra"))
        rate(1, contact=make_contact(name="Li Wei"))
        page = page_of(manager, "show=brand")
        assert "show=brand" in page
        assert "by=brand&amp;key=default" in page
        assert '<option value="zebra"' in page
        question = parse(QueryDict(""))
        for group in tabs.queries.grouped(question.filters, "brand"):
            sessions = manager.get(question.link(by="brand", key=group.key)).content.decode()
            assert group.label in sessions
            assert ("Ana Souza" in sessions) == (group.key == "zebra")
            assert ("Li Wei" in sessions) == (group.key == "default")
        narrowed = page_of(manager, "brand=zebra", "/reports/sessions/")
        assert "Li Wei" not in narrowed
        assert "Zebra" in page_of(manager, "brand=zebra")


class TestSavedViews:
    def test_save_open_replace_and_delete(self, manager: Client, manager_user: User) -> None:
        manager.post("/reports/views/", {"name": "Email", "query": "channel=email"})
        answer = manager.post("/reports/views/", {"name": "Email", "query": "channel=email&period=7"})
        assert answer["Location"] == "/reports/?channel=email&period=7"
        view = SavedView.objects.get(user=manager_user)
        assert 'href="/reports/?channel=email&amp;period=7"' in page_of(manager)
        manager.post(f"/reports/views/{view.uuid}/delete/")
        assert not SavedView.objects.exists()

    def test_a_view_takes_another_name_unless_one_has_it(self, manager: Client) -> None:
        for name in ("Email", "Texts"):
            manager.post("/reports/views/", {"name": name, "query": f"tag={name}"})
        address = f"/reports/views/{SavedView.objects.get(name='Email').uuid}/rename/"
        for name, said in (
            ("Texts", "You already have a view with this name. Enter another one."),
            (" ", "Enter a name for the view."),
            ("Mail", "Renamed to “Mail”."),
        ):
            assert said in manager.post(address, {"name": name}, follow=True).content.decode()
        assert list(SavedView.objects.values_list("name", "query")) == [
            ("Mail", "tag=Email"),
            ("Texts", "tag=Texts"),
        ]

    def test_deleting_asks_first(self, manager: Client) -> None:
        manager.post("/reports/views/", {"name": "Email", "query": ""})
        asks = page_of(manager).split('<details class="change-view">')[1].split("</details>")[0]
        assert "Delete this view?" in asks

    def test_its_address_is_there_to_be_shared(self, manager: Client, settings: Any) -> None:
        page = page_of(manager, "channel=sms&show=agent")
        assert f'value="{settings.SITE_URL}/reports/?channel=sms&amp;show=agent"' in page

    def test_nobody_sees_the_views_of_others(self, manager: Client, admin: Client) -> None:
        manager.post("/reports/views/", {"name": "Mine alone", "query": ""})
        assert "Mine alone" not in page_of(admin)
        for verb in ("delete", "rename"):
            assert (
                admin.post(
                    f"/reports/views/{SavedView.objects.get().uuid}/{verb}/", {"name": "x"}
                ).status_code
                == 404
            )

    def test_a_view_needs_a_name(self, manager: Client) -> None:
        answer = manager.post("/reports/views/", {"name": " ", "query": ""}, follow=True)
        assert "Enter a name for the view." in answer.content.decode()


def test_numbers_in_drawings_have_a_point_in_every_language() -> None:
    question, group = parse(QueryDict("")), Group("email", "Email", Counts(scores=(1, 0, 0, 0, 2)))
    with translation.override("de"):
        (bar,) = charts.bars([group], question, "channel")
        assert (bar.width, bar.average) == ("66.67", "3,7")


@pytest.mark.parametrize("many", [1, 2, 3, 4, 5, 6, 8, 13, 31])
def test_the_dates_under_a_trend_stand_equally_far_apart(many: int) -> None:
    weeks = [(date(2026, 1, 5) + timedelta(weeks=n)).isoformat() for n in range(many)]
    groups = [Group(week, week, Counts(scores=(0, 0, 0, 0, 1))) for week in weeks]
    labels = trend.trend(groups, parse(QueryDict(""))).labels
    places = [float(x) for x, _label, _anchor in labels]
    steps = {round(after - before, 1) for before, after in itertools.pairwise(places)}
    assert min(many, 2) <= len(labels) <= 4
    assert len(steps) <= 1
    assert labels[-1][1] == charts.period(weeks[-1], "week")


class TestHowFarItWasFollowedUp:
    def test_the_filter_holds_for_figures_tabs_and_the_list_behind(
        self, manager: Client, manager_user: User
    ) -> None:
        done, waiting = rate(1, "Slow"), rate(2, "Late")
        rate(5)
        follow_ups.mark_done(done.session, manager_user)
        page = page_of(manager, "follow_up=done&show=comments")
        assert "n 1</a>" in tile(page, "CSAT")
        assert ("Slow" in page, "Late" in page) == (True, False)
        assert '<option value="done" selected>Follow-up done</option>' in page
        behind = page_of(manager, "follow_up=open", "/reports/sessions/")
        assert f'id="session-{waiting.session_id}"' in behind
        assert f'id="session-{done.session_id}"' not in behind

    def test_a_lead_sees_that_of_their_teams_alone(self, lead: Client) -> None:
        care = Team.objects.get(name="Care")
        ours, theirs = rate(1), rate(1)
        ours.session.change(team=care)
        behind = page_of(lead, "follow_up=open", "/reports/sessions/")
        assert f'id="session-{ours.session_id}"' in behind
        assert f'id="session-{theirs.session_id}"' not in behind

    @pytest.mark.parametrize("persona", ["agent", "outsider"])
    def test_who_reads_no_reports_reads_none_of_it(
        self, persona: str, request: pytest.FixtureRequest
    ) -> None:
        client: Client = request.getfixturevalue(persona)
        assert client.get("/reports/?follow_up=open").status_code == 403
        assert client.get("/reports/export/?follow_up=open").status_code == 403
