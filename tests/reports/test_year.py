"""A random year with both clock changes: what report, API and export say of every filter is what plain
counting says.
"""

import csv
import io
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import openpyxl
import pytest
from django.test import Client
from statsmodels.stats.proportion import proportion_confint

from csat.reports import spreadsheet
from csat.reports.filters import parse
from tests.api.conftest import machine
from tests.reports import past
from tests.reports.asking import BERLIN, BY, FILTERS, asked_of, grouped, wanted

pytestmark = pytest.mark.django_db
EVERY = pytest.mark.parametrize("asked", FILTERS, ids=str)


@EVERY
def test_the_api(year: list[past.Fact], asked: dict[str, Any]) -> None:
    asked, api = asked_of(year, asked), machine("csat:read")
    chosen, quarantined = wanted(year, asked), "quarantined" in asked
    for by in (*BY, "hour", "day", "week", "month"):
        told = api.get("/csat/report", **asked, group_by=by).json()
        assert told["total"] == past.figures(chosen, quarantined=quarantined)
        groups = {group.pop("key"): group for group in told["groups"] if group.pop("label")}
        expected = {
            key: past.figures(facts, quarantined=quarantined)
            for key, facts in grouped(chosen, by, asked).items()
        }
        assert some(groups) == some(expected)


@EVERY
def test_the_report(year: list[past.Fact], asked: dict[str, Any], manager: Client) -> None:
    asked = asked_of(year, asked)
    chosen, quarantined = wanted(year, asked), "quarantined" in asked
    for by in (*BY, "hour"):
        if by == "agent_kind":
            continue  # with the agents
        address = urlencode({"timezone": BERLIN, **asked, "show": by, "step": "week"}, doseq=True)
        page = unescape(manager.get(f"/reports/?{address}").content.decode().replace("\xa0", " "))
        assert tiles(page) == said(chosen, quarantined)
        assert trend(page) == [
            [*row(facts, quarantined)[:3], *said(facts, quarantined)["each"]]
            for _week, facts in sorted(grouped(chosen, "week", asked).items())
            if row(facts, quarantined)[2] != "0"
        ]
        if by == "hour":
            by_hour = grouped(chosen, by, asked)
            assert hours(page) == told_by_hour(by_hour, quarantined)
            continue
        if by == "about":
            low = [lows(facts, quarantined) for facts in grouped(chosen, by, asked).values()]
            told = [
                [share(one, sum(low)), between(one, sum(low)), f"{one} of {sum(low)}"] for one in low if one
            ]
            assert sorted(causes(page)) == sorted(told)
            continue
        kinds = grouped(chosen, "agent_kind", asked).values() if by == "agent" else []
        rows = [
            row(facts, quarantined)
            for facts in [*kinds, *grouped(chosen, by, asked).values()]
            if past.counts(facts) != past.counts([])
        ]
        assert sorted(bars(page)) == sorted(rows)


@EVERY
def test_the_export(year: list[past.Fact], asked: dict[str, Any], manager: Client, tmp_path: Path) -> None:
    asked = asked_of(year, asked)
    chosen, quarantined = {fact.number: fact for fact in wanted(year, asked)}, "quarantined" in asked
    address = urlencode({"timezone": BERLIN, **asked}, doseq=True)
    data = b"".join(manager.post(f"/reports/export/now/?{address}").streaming_content)  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    expected = {number: str(fact.rated(quarantined) or "") for number, fact in chosen.items()}
    assert {int(line["Ticket Number"]): line["CSAT Score"] for line in rows} == expected
    assert len(rows) == len(chosen)
    delivered = [line for line in rows if line["CSAT Delivered Via"]]
    rated = [int(line["CSAT Score"]) for line in rows if line["CSAT Score"]]
    counted = (
        sum(bool(line["CSAT Requested At"]) for line in rows), len(delivered),
        sum(bool(line["CSAT Score"]) for line in delivered),
        tuple(rated.count(score) for score in range(1, 6)),
    )  # fmt: skip
    assert counted == past.counts(list(chosen.values()), quarantined=quarantined)
    spreadsheet.write_xlsx(
        parse({"timezone": BERLIN, **asked}), ["Ticket Number", "CSAT Score"], tmp_path / "year.xlsx"
    )
    _header, *cells = openpyxl.load_workbook(tmp_path / "year.xlsx", read_only=True).active.iter_rows(
        values_only=True
    )
    assert {number: str(score or "") for number, score in cells} == expected


def some(groups: dict[str, Any]) -> dict[str, Any]:
    """Those with anything in them: trends have every day, others none without anything."""
    return {key: figures for key, figures in groups.items() if figures != past.figures([])}


def share(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)} %" if whole else "no data"


def between(part: int, whole: int) -> str:
    if not whole:
        return ""
    low, high = proportion_confint(part, whole, method="wilson")
    return f"{round(100 * max(low, 0))}–{round(100 * min(high, 1))} %"


def said(facts: list[past.Fact], quarantined: bool) -> dict[str, Any]:
    """What the tiles ought to say."""
    _requested, delivered, answered, scores = past.counts(facts, quarantined=quarantined)
    good, n = scores[3] + scores[4], sum(scores)
    return {
        "CSAT": (share(good, n), between(good, n), f"n {n}" if n else ""),
        "Average": f"{round(sum(score * many for score, many in enumerate(scores, 1)) / n, 1)}"
        if n
        else "no data",
        "each": [str(many) for many in scores] if n else [],
        "Response rate": (
            share(answered, delivered),
            between(answered, delivered),
            f"{answered} of {delivered}" if delivered else "",
        ),
        "Answers": str(n),
    }


def tiles(page: str) -> dict[str, Any]:
    page = re.sub(r">\s+|\s+<", lambda gap: gap[0].strip(), page)  # how a template is laid out says nothing
    found = {
        name: page.split(f'<p class="label">{name}</p>')[1]
        .split('<p class="label">')[0]
        .split("</section>")[0]
        for name in TILES
    }
    csat, average, response = found["CSAT"], found["Average"], found["Response rate"]
    distribution = page.partition('aria-label="Distribution of scores"')[2].partition("</section>")[0]
    rate = " of ".join(re.findall("(\\d+) (?:of|delivered)", text(response)))
    return {
        "CSAT": (
            first(">(no data|\\d+ %)<", csat),
            first(">(\\d+–\\d+ %)<", csat),
            first(">(n \\d+)<", csat),
        ),
        "Average": first(">(no data|\\d\\.\\d)<", average),
        "each": re.findall('title="\\w+: (\\d+) ', distribution),
        "Response rate": (first(">(no data|\\d+ %)<", response), first(">(\\d+–\\d+ %)<", response), rate),
        "Answers": first(">(\\d+)<", found["Answers"]),
    }


def row(facts: list[past.Fact], quarantined: bool) -> list[str]:
    """CSAT, its interval, ratings, average, response rate."""
    told = said(facts, quarantined)
    rate = told["Response rate"]
    average = "–" if told["Average"] == "no data" else told["Average"]
    response = f"{rate[0]} {rate[1]}, {rate[2]}" if rate[2] else "–"
    return [told["CSAT"][0], told["CSAT"][1], told["Answers"], average, response]


def trend(page: str) -> list[list[str]]:
    rows = page.split('id="trend-table"')[1].split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]
    cells = [[text(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", line, re.DOTALL)] for line in rows]
    return [one for one in cells if one[2] != "0"]


def told_by_hour(by_hour: dict[str, list[past.Fact]], quarantined: bool) -> list[tuple[int, str]]:
    """What the cells of both maps ought to say, as (hour of the week, share): first those of low scores."""
    low, response = [], []
    for hour, facts in sorted(by_hour.items(), key=lambda item: int(item[0])):
        _requested, delivered, answered, scores = past.counts(facts, quarantined=quarantined)
        if n := sum(scores):
            low.append((int(hour), f"{scores[0] + scores[1]} low / {n}"))
        if delivered:
            response.append((int(hour), f"{answered} answered / {delivered}"))
    return low + response


def hours(page: str) -> list[tuple[int, str]]:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    cells = re.findall(r'title="(\w{3}) (\d\d):00: (\d+ \w+ / \d+)', page)
    return [(days.index(day) * 24 + int(hour), words) for day, hour, words in cells]


def lows(facts: list[past.Fact], quarantined: bool) -> int:
    scores = past.counts(facts, quarantined=quarantined)[3]
    return scores[0] + scores[1]


def causes(page: str) -> list[list[str]]:
    """Share, interval and count of each cause of low scores."""
    found = []
    for line in page.partition("What low scores were about")[2].partition("<tbody>")[2].split("</tr>")[:-1]:
        part, count = re.findall('<td class="num">(.*?)</td>', line, re.DOTALL)
        figure, interval = re.findall("<span[^>]*>(.*?)</span>", part)
        found.append([figure, interval, text(count)])
    return found


def bars(page: str) -> list[list[str]]:
    """Of every table of groups."""
    found = []
    for table in page.split('<table class="data bars">')[1:]:
        for line in table.split("<tbody>")[1].split("</tbody>")[0].split("</tr>")[:-1]:
            csat, ratings, average, response = re.findall('<td class="num[^"]*">(.*?)</td>', line, re.DOTALL)
            share, _space, interval = re.fullmatch("(no data|\\d+ %)( ?)(.*)", text(csat)).groups()  # type: ignore[union-attr]
            found.append([share, interval, text(ratings), text(average).split()[0], text(response)])
    return found


def text(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def first(pattern: str, html: str) -> str:
    found = re.search(pattern, html)
    return found[1] if found else ""


TILES = ("CSAT", "Average", "Response rate", "Answers")
