"""What comments are about, counted."""

from dataclasses import replace

import pytest

from csat.people.models import Team
from csat.reports import cohort, columns, comments, filters, spreadsheet, themes
from csat.themes.models import Theme
from tests.themes.conftest import Comment, comment

__all__ = ["comment"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(comment: Comment) -> filters.Filters:
    comment("The parcel never arrived.", score=1)
    comment("The parcel never arrived, and I want a refund.", score=1)
    comment("My parcel came, great", score=5)
    comment("Hm.", score=3)
    comment("", score=4)
    return filters.parse({})


def counted(asked: filters.Filters) -> dict[str, tuple[int, int]]:
    return {row.key: (row.counts.n, row.counts.low) for row in themes.by_theme(themes.cells(asked))}


def test_each_theme_has_its_comments_and_those_without_any_come_last(asked: filters.Filters) -> None:
    assert counted(asked) == {"delivery": (3, 2), "refund": (1, 1), "none": (1, 0)}
    assert [row.key for row in themes.by_theme(themes.cells(asked))] == ["delivery", "refund", "none"]


def test_a_muted_theme_is_counted_nowhere(asked: filters.Filters) -> None:
    Theme.objects.filter(slug="delivery").update(muted=True)
    assert counted(asked) == {"refund": (1, 1), "none": (3, 1)}
    Theme.objects.update(muted=True)
    assert counted(asked) == {"none": (4, 2)}


def test_a_filter_by_theme_narrows_the_whole_report(asked: filters.Filters) -> None:
    assert cohort.surveys(replace(asked, theme=("refund",))).count() == 1
    assert cohort.surveys(replace(asked, theme=("none",))).count() == 1
    assert cohort.surveys(replace(asked, theme=("delivery", "none"))).count() == 4


def test_across_and_over_time_add_up_to_the_same(asked: filters.Filters) -> None:
    delivery = Theme.objects.get(slug="delivery").pk
    for by in themes.ACROSS:
        groups = themes.across(themes.cells(asked, by=by))
        assert sum(counts.n for counts in groups[delivery].values()) == 3
    for step in ("day", "week", "month"):
        cells = themes.cells(asked, step=step, by="channel")
        assert sum(counts.n for counts in themes.over_time(cells, step, asked)[delivery]) == 3
        assert themes.by_theme(cells) == themes.by_theme(themes.cells(asked))


def test_two_quotes_of_each_the_newest_first(asked: filters.Filters) -> None:
    quotes = themes.quotes(asked)[Theme.objects.get(slug="delivery").pk]
    assert [score.score for score in quotes] == [5, 1]
    assert themes.commented(asked).count() == 4


def test_whoever_sees_no_team_counts_no_theme(asked: filters.Filters) -> None:
    nobody = replace(asked, scope=(Team.objects.create(name="Elsewhere").pk,))
    assert (themes.cells(nobody, by="channel"), themes.quotes(nobody)) == ([], {})


def test_an_export_and_the_list_of_comments_name_them(asked: filters.Filters) -> None:
    header, *rows = spreadsheet.preview(asked, ["CSAT Comment", "Themes"])
    assert header == ["CSAT Comment", "Themes"]
    assert ["The parcel never arrived, and I want a refund.", "delivery; refund"] in rows
    data = b"".join(spreadsheet.stream_csv(asked, ["CSAT Score", "Themes"])).decode("utf-8-sig")
    lines = [line.replace('"', "") for line in data.splitlines()]
    assert sorted(lines) == [
        "1,delivery",
        "1,delivery; refund",
        "3,",
        "4,",
        "5,delivery",
        "CSAT Score,Themes",
    ]
    assert "Themes" in columns.NAMES
    assert [len(one.rating.shown_themes) for one in comments.comments(asked).items] == [0, 1, 2, 1]  # type: ignore[attr-defined]
