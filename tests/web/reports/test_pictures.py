"""The pictures of a report: columns by score, the week that is not over, maps of the week, causes over time,
tables sorted and searched."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone

from csat.reports.queries import Group
from csat.reports.scores import Counts
from csat.surveys.answers import answering
from csat.surveys.choices import Source
from csat.surveys.models import Survey
from csat.web.reports import hours
from csat.web.reports.charts import Bar
from csat.web.reports.question import parse
from csat.web.reports.tables import arranged, heads
from csat.web.reports.trend import trend
from tests.factories import make_agent, make_sent_survey

pytestmark = pytest.mark.django_db
YEAR = QueryDict("period=custom&from=2025-01-01&until=2025-12-31&timezone=UTC&step=week")


def rate(score: int, *, about: str | None = None, at: datetime | None = None, **details: Any) -> Survey:
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, about=about, source=Source.PAGE)
    if at:
        Survey.objects.filter(pk=survey.pk).update(counted_at=at)
    return survey


def page_of(client: Client, query: str, **headers: str) -> str:
    answer = client.get(f"/reports/?{query}", headers=headers)
    assert answer.status_code == 200
    return unescape(" ".join(answer.content.decode().split()))


def scored(*scores: int) -> Counts:
    return Counts(100, 90, 40, scores)  # type: ignore[arg-type]


class TestColumns:
    def test_a_column_is_as_tall_as_its_ratings_and_parted_by_score(self) -> None:
        groups = [
            Group("2025-03-03", "", scored(1, 0, 1, 0, 2)),
            Group("2025-03-10", "", scored(0, 0, 0, 0, 8)),
        ]
        small, tall = trend(groups, parse(YEAR)).points
        assert [(block.face.score, block.count) for block in small.blocks] == [(1, 1), (3, 1), (5, 2)]
        assert [(block.y, block.height) for block in small.blocks] == [
            ("87.5", "12.5"), ("75", "12.5"), ("50", "25"),
        ]  # fmt: skip
        assert (small.top, small.height, tall.top, tall.height) == ("50", "50", "0", "100")

    def test_a_block_opens_its_score_of_its_week(self) -> None:
        (point,) = trend([Group("2025-03-03", "", scored(1, 0, 0, 0, 2))], parse(YEAR)).points
        assert all("by=week&key=2025-03-03" in block.link for block in point.blocks)
        assert [
            block.link.endswith(f"given={score}") for block, score in zip(point.blocks, (1, 5), strict=True)
        ]

    @pytest.mark.parametrize(
        ("period", "week", "unfinished"),
        [
            ("period=custom&from=2025-03-03&until=2025-03-16", "2025-03-03", False),
            ("period=custom&from=2025-03-03&until=2025-03-16", "2025-03-10", False),
            ("period=custom&from=2025-03-04&until=2025-03-16", "2025-03-03", True),  # cut by the window
            ("period=custom&from=2025-03-03&until=2025-03-15", "2025-03-10", True),
        ],
    )
    def test_a_week_that_is_not_wholly_in_the_window_is_hatched(
        self, period: str, week: str, unfinished: bool
    ) -> None:
        question = parse(QueryDict(f"{period}&timezone=UTC&step=week"))
        (point,) = trend([Group(week, "", scored(1, 0, 0, 0, 2))], question).points
        assert point.unfinished is unfinished

    def test_this_week_is_not_over(self, manager: Client) -> None:
        rate(5)
        page = page_of(manager, "period=90&step=week")
        assert page.count('class="block hatch"') == 1
        assert "not complete yet" in page


class TestHours:
    def test_a_cell_opens_what_it_counts_in_the_zone_of_the_report(self, manager: Client) -> None:
        at = datetime(2025, 3, 3, 23, 30, tzinfo=UTC)  # Tuesday, 0:30 in Berlin
        low, high = rate(1, at=at), rate(5, at=at)
        rate(1, at=at + timedelta(hours=1))
        page = page_of(manager, f"{YEAR.urlencode().replace('UTC', 'Europe/Berlin')}&show=hour")
        link = re.findall(r'href="([^"]+)" title="Tue 00:00: 1 low / 2', page)[0]
        listed = manager.get(link).content.decode()
        assert f'id="session-{low.session_id}"' in listed
        assert f'id="session-{high.session_id}"' not in listed
        assert "Tue 00:00" in listed

    def test_few_are_told_from_many(self) -> None:
        groups = [Group("0", "", scored(1, 0, 0, 0, 3)), Group("1", "", scored(3, 0, 0, 0, 3))]
        (_day, _short, cells), *_rest = hours.maps(groups, parse(YEAR))[0].rows
        assert [cell.few for cell in cells[:2]] == [True, False]
        assert cells[1].shade == 6

    @pytest.mark.parametrize("key", ["168", "-1", "x", ""])
    def test_no_other_hour_has_conversations(self, manager: Client, key: str) -> None:
        assert manager.get(f"/reports/sessions/?by=hour&key={key}").status_code == 404

    def test_without_surveys_it_says_so(self, manager: Client) -> None:
        assert "No data in this period." in page_of(manager, "show=hour")


class TestCauses:
    def test_a_cause_is_shown_by_week_as_a_share_of_that_weeks_low_scores(self, manager: Client) -> None:
        first, second = (datetime(2025, 3, day, 12, tzinfo=UTC) for day in (3, 10))
        for about, at in [("product", first), ("help", first), ("product", second)]:
            rate(1, about=about, at=at)
        page = page_of(manager, f"{YEAR.urlencode()}&show=about")
        product = page.split('aria-label="the product over time"')[1].split("</svg>")[0]
        assert re.findall(r"(\d+ \w+): (\d) of (\d)", product) == [("3 Mar", "1", "2"), ("10 Mar", "1", "1")]
        link = re.findall(r'href="([^"]+)"', product)[0]
        assert manager.get(link).content.decode().count('id="session-') == 1


class TestTables:
    def test_a_head_sorts_its_column_and_turns_round(self, manager: Client) -> None:
        for channel, scores in (("email", (5, 5, 1)), ("sms", (1,)), ("web", (5,))):
            for score in scores:
                rate(score, channel=channel)

        def labels(query: str) -> list[str]:
            rows = page_of(manager, query).split("<tbody>")[-1].split("</tbody>")[0]
            return [words.strip() for words in re.findall(r'ratings?"> ([\w ]+)</a>', rows)]

        assert labels("sort=-csat") == ["Web Chat", "Email", "SMS"]
        assert labels("sort=csat") == ["SMS", "Email", "Web Chat"]
        assert labels("sort=-n")[0] == "Email"
        assert labels("sort=name") == ["Email", "SMS", "Web Chat"]
        assert labels("sort=nonsense")[0] == "Email"
        assert 'aria-sort="descending"' in page_of(manager, "sort=-csat")

    def test_the_first_press_shows_the_largest_number_and_the_first_name(self) -> None:
        fresh = heads(QueryDict(""))
        assert [fresh[name].address for name in ("name", "csat")] == ["sort=name", "sort=-csat"]
        turned = heads(QueryDict("sort=-csat"))
        assert (turned["csat"].address, turned["csat"].sorted) == ("sort=csat", "descending")

    def test_without_data_a_row_is_last_either_way(self) -> None:
        def bar(label: str, counts: Counts) -> Bar:
            return Bar(counts=counts, label=label, kind="", links={}, by_week="", rank=0, before=None)

        bars = [bar("none", Counts()), bar("bad", scored(1, 0, 0, 0, 0)), bar("good", scored(0, 0, 0, 0, 1))]
        for sort, order in (("csat", ["bad", "good", "none"]), ("-csat", ["good", "bad", "none"])):
            assert [one.label for one in arranged(bars, QueryDict(f"sort={sort}"))] == order

    def test_an_agent_is_found_by_a_part_of_the_name_whatever_its_marks(self, manager: Client) -> None:
        for name in ("Zoë Ångström", *(f"Agent {n}" for n in range(11))):
            rate(5, assignee=make_agent(name))
        page = page_of(manager, "show=agent&who=angstrom")
        assert (
            "Zoë Ångström </a>" in page
            or ">Zoë Ångström</a>" in page
            or "Zoë Ångström" in page.split("bars")[-1]
        )
        assert "Agent 1<" not in page.split('id="groups"')[1]
        assert "No agent of this period" in page_of(manager, "show=agent&who=nobody")

    def test_few_agents_need_no_search(self, manager: Client) -> None:
        rate(5, assignee=make_agent("Zoë"))
        assert 'name="who"' not in page_of(manager, "show=agent").split('id="report"')[1]


def test_a_conversation_is_placed_by_how_long_it_took(manager: Client) -> None:
    survey = rate(5)
    session = survey.session.again()
    type(session).objects.filter(pk=session.pk).update(
        created_at=timezone.now() - timedelta(hours=5), resolved_at=timezone.now()
    )
    page = page_of(manager, "show=time_to_resolve")
    assert "4 hours to 1 day" in page
    link = re.findall(r'href="(/reports/sessions/[^"]+by=time_to_resolve&key=1d[^"]*)"', page)[0]
    assert f'id="session-{survey.session_id}"' in manager.get(link).content.decode()


def test_a_cell_of_nobody_is_reached_by_the_keyboard_as_the_others_are(manager: Client) -> None:
    rate(5)
    page = page_of(manager, "show=hour")
    low = page.split('aria-labelledby="map-1"')[1].split("</section>")[0]
    (address,) = re.findall(r'<a class="faint" href="([^"]+)"', low)
    assert "did=low" in address
    assert 'class="row session"' not in manager.get(unescape(address)).content.decode()


def test_the_weeks_of_a_row_come_only_where_somebody_asks(manager: Client) -> None:
    rate(5)
    rate(1, channel="sms")
    page = page_of(manager, "show=channel&compare=1&step=day")
    assert page.count('class="stacks"') == 1  # the report's own
    found = dict(re.findall(r'data-hx-get="([^"]+)" data-hx-target="#(weeks-\d-\d)"', page))
    assert len(found) == 2
    address, target = next((one, two) for one, two in found.items() if "channel=sms" in one)
    assert f'<div id="{target}"' in page
    query = unescape(address).removeprefix("?")
    part = page_of(manager, query, HX_Request="true", HX_Target=target)
    assert "<h1" not in part
    assert part.count('class="block fill-') == 1
    assert 'class="block fill-1"' in part
    assert 'id="hatch"' not in part  # the report has it
    whole = page_of(manager, query)  # without JavaScript
    assert "SMS" in whole
    assert "<h1" in whole
