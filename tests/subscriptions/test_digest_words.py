"""A digest in words: the mail whole in plain text, Slack and webhook without anybody's name."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from django.contrib.auth.models import User

from csat.people.models import Team
from csat.reports.scores import Counts
from csat.subscriptions import digest_words
from csat.subscriptions.contents import Cause, Contents, Mover
from tests.subscriptions.rated import make_view

pytestmark = pytest.mark.django_db
GOOD, BAD = Counts(100, 100, 90, (0, 0, 0, 0, 90)), Counts(100, 100, 90, (90, 0, 0, 0, 0))
CONTENTS = Contents(
    title="<Care> & more",
    first=date(2026, 11, 23),
    last=date(2026, 11, 29),
    counts=GOOD,
    before=BAD,
    movers=(Mover("team", "Care", GOOD, BAD),),
    causes=(Cause("The product", 2, 4),),
    words=(),
    waiting=(),
    waiting_count=7,
)
URL, STOP = "https://csat.example/reports/?from=2026-11-23", "https://csat.example/digests/stop/x/"


def test_the_mail_says_in_plain_text_all_that_its_html_says() -> None:
    mail = digest_words.mail(CONTENTS, url=URL, stop_url=STOP, rhythm="Every week")
    html = mail.html.replace("\u00a0", " ").replace("&nbsp;", " ")
    assert mail.subject == "<Care> & more: CSAT 100 % (96–100 %, n 90), 23 – 29 Nov 2026"
    assert "&lt;Care&gt; &amp; more" in html
    assert "<Care> & more" in mail.text
    for part in ("96–100 %", "clearly better than before", "Care", "The product", "waiting: 7", URL, STOP):
        assert part in mail.text
        assert part in html


def test_styles_stand_at_the_elements_and_the_night_in_the_head() -> None:
    html = digest_words.mail(CONTENTS, url=URL, stop_url=STOP, rhythm="Every week").html
    assert 'width="600"' in html
    assert "font-size: 44px" in html.split("</head>")[1]
    assert "prefers-color-scheme: dark" in html.split("</head>")[0]
    assert "<script" not in html
    assert "<link" not in html


def test_without_ratings_it_says_so_and_never_zero_percent() -> None:
    empty = replace(CONTENTS, counts=Counts(), before=Counts(), movers=(), causes=(), waiting_count=0)
    mail = digest_words.mail(empty, url=URL, stop_url=STOP, rhythm="Every day")
    assert "no ratings" in mail.subject
    assert "No ratings in this period." in mail.text
    assert "0 %" not in mail.text
    assert "clear" not in mail.text


def test_no_clear_change_is_said_as_such() -> None:
    same = replace(CONTENTS, before=GOOD, movers=())
    text = digest_words.plain(same, url=URL)
    assert "no clear change" in text
    assert "Nothing moved clearly" in text


def test_a_webhook_has_numbers_and_shares_from_0_to_1() -> None:
    data = digest_words.as_json(CONTENTS, digest_id=UUID(int=1))
    assert (data["csat"]["csat"], data["previous"]["csat"], data["change"]) == (1.0, 0.0, "up")
    assert (data["from"], data["to"]) == ("2026-11-23", "2026-11-30")
    assert data["movers"][0] | {"csat": 0, "previous": 0} == {
        "by": "team", "label": "Care", "change": "up", "csat": 0, "previous": 0,
    }  # fmt: skip


def test_the_report_behind_it_has_the_views_filters_and_the_digests_days(manager_user: User) -> None:
    Team.objects.create(name="Care")
    view = make_view(manager_user, query="period=365&team=Care&channel=&show=agent")
    url = digest_words.report_url(view, CONTENTS)
    assert url.partition("?")[2] == "from=2026-11-23&until=2026-11-29&team=Care"


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (date(2026, 11, 3), date(2026, 11, 3), "3 Nov 2026"),
        (date(2026, 11, 2), date(2026, 11, 8), "2 – 8 Nov 2026"),
        (date(2026, 11, 30), date(2026, 12, 6), "30 Nov – 6 Dec 2026"),
        (date(2025, 12, 29), date(2026, 1, 4), "29 Dec 2025 – 4 Jan 2026"),
    ],
)
def test_days_in_words(first: date, last: date, said: str) -> None:
    assert digest_words.days(replace(CONTENTS, first=first, last=last)) == said
