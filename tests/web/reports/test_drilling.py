"""Every figure of a report opens the conversations it counts: each link of each tab, on a random past."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.people.models import Organization
from csat.reports import rollup
from csat.sessions import activity, resolving
from csat.surveys.answers import answering
from csat.surveys.delivery import sending
from csat.web import paging
from csat.web.reports import tabs
from tests.factories import API, CUSTOMER, make_sent_survey
from tests.reports import past
from tests.reports.asking import BERLIN, START

pytestmark = pytest.mark.django_db
PERIOD = "from=2025-03-20&to=2025-05-10&timezone=Europe/Berlin"  # the clock changes within
ASKED = [
    "",
    "channel=email&compare=1&step=day",
    "tag=vip&quarantined=1&step=week",
    "about=help,none&credit=last_human&step=month",
]


@pytest.fixture(scope="module")
def seeded(django_db_setup: Any, django_db_blocker: Any) -> Any:
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        Organization.current().change(timezone=BERLIN)
        past.write(90, start=START, days=60)
        past.analyze()
        rollup.recount_everything()
        rollup.recount()
        yield
        transaction.set_rollback(True)


class Links(HTMLParser):
    """(address, count) of every link to conversations: its text, else a number of its title or text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, int]] = []
        self.open: dict[str, str] | None = None
        self.said = self.title = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        if tag == "a" and (given.get("href") or "").startswith("/reports/sessions/"):
            self.open, self.said, self.title = given, "", given.get("title") or ""
        self.tag = tag

    def handle_data(self, data: str) -> None:
        if self.open is not None and self.tag == "title":  # of a mark in a drawing
            found = re.search(r"n (\d+)\)|:\s+(\d+) of", data)
            assert found, data
            self.title = found[1] or found[2]
        elif self.open is not None:
            self.said += data

    def handle_endtag(self, tag: str) -> None:
        self.tag = ""
        if tag == "a" and self.open is not None:
            self.found.append((self.open["href"], _number(self.said, self.title)))
            self.open = None


def _number(said: str, title: str) -> int:
    said = said.strip()
    if cell := re.search(r": (\d+) \w+ / \d+", title):  # of a map, which shows a share
        return int(cell[1])
    found = re.search(r"\d+", said if said.isdigit() or not title else title.split(": ")[-1])
    assert found, (said, title)
    return int(found[0])


def listed(client: Client, address: str) -> int:
    """How many conversations a link leads to: as many rows as it says, or a full page and a next one."""
    page = client.get(address).content.decode()
    told, rows = int(re.findall(r'class="muted many">(\d+)<', page)[0]), page.count('class="row session')
    assert rows == min(told, paging.SIZE)
    assert ('rel="next"' in page) == (told > paging.SIZE)
    return told


@pytest.mark.timeout(400)
@pytest.mark.parametrize("asked", ASKED)
def test_every_figure_opens_as_many_conversations_as_it_says(
    seeded: None, manager: Client, asked: str
) -> None:
    behind: dict[str, int] = {}
    for show in tabs.TABS:
        page = manager.get(f"/reports/?{PERIOD}&{asked}&show={show}").content.decode()
        links = [
            (re.sub("&(show|step|compare)=[^&]*", "", address), many) for address, many in Links(page).found
        ]
        assert len(links) > 10, show
        for address, many in links:
            behind.setdefault(address, many)
            assert behind[address] == many, (show, address)
    assert {address: listed(manager, address) for address in behind} == behind
    assert len(behind) > 40


def test_so_do_the_steps_of_a_recovery(manager: Client, manager_user: User) -> None:
    for last in range(4):
        session = make_sent_survey().session
        answering.answer(session.survey, score=1, source="page")
        session.refresh_from_db()
        if last > 0:
            resolving.reopen(session, by=API)
        if last > 1:
            activity.add_message(session, sender="contact", text="Thank you!", by=CUSTOMER)
            resolving.resolve(session, by=API)
            sending.send_due()
        if last > 2:
            answering.answer(session.survey, score=5, source="page")
    page = manager.get("/reports/?show=low").content.decode()
    steps = {
        address: many
        for address, many in Links(page).found
        if "recovery=" in address and not {"by=", "cause="} & set(re.findall(r"\b\w+=", address))
    }
    assert list(steps.values()) == [4, 3, 2, 1]
    assert {address: listed(manager, address) for address in steps} == steps
