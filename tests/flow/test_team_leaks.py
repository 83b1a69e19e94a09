"""A team lead reads what customers said of their own team alone: in the tab Comments, its themes and words,
in digests, on shared pages and walls, and in files.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from csat.channels.outbox import SandboxMessage
from csat.people.models import Team
from csat.reports import exports
from csat.reports.filters import parse
from csat.subscriptions import digest_sending, digests, shares
from csat.surveys.visibility import visible_teams
from csat.themes import editing
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from tests.factories import make_agent, make_contact
from tests.subscriptions.rated import make_view, rate

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 28, tzinfo=UTC)
OTHERS = re.compile("squeaky|wheel|grumbling|noisy|zubov", re.IGNORECASE)  # said of, or in, the other team


@pytest.fixture(autouse=True)
def _comments(lead_user: User, time_machine: Any) -> None:
    time_machine.move_to("2026-11-30T07:30:00Z", tick=False)
    care, sales = lead_user.profile.teams.get(), Team.objects.create(name="Grumbling Sales")
    ours, theirs = make_agent("Layla Haddad"), make_agent("Igor Zubov")
    theirs.change(team=sales)
    editing.create("Hinges", by=SYSTEM, words={"en": "hinge"})
    editing.create("Rolling", by=SYSTEM, words={"en": "wheel"})
    customer, other = (
        make_contact(name="Ana Souza"),
        make_contact(name="Noisy Neighbour", email="n@b.example"),
    )
    for n in range(14):
        words = f"Hinge broken, {n}. Ask Zubov, grumbling sales."
        rate(1, words, at=AT, team=care, assignee=ours, contact=customer)
        rate(1, f"Squeaky wheel, {n}", at=AT, team=sales, assignee=theirs, contact=other)
        rate(5, "Wonderful weather and tea", at=AT, team=care, assignee=ours, contact=customer)
    dispatching.fan_out()


def texts(client: Client, user: User, time_machine: Any) -> Iterator[tuple[str, str]]:
    for query in (
        "show=comments", "show=comments&words=1", "show=comments&across=agent_kind",
        "show=comments&theme=rolling", "show=comments&search=wheel", "show=low", "show=agent", "show=team",
    ):  # fmt: skip
        yield query, _content(client.get(f"/reports/?{query}"))
    headers = {"HX-Request": "true", "HX-Target": "words"}
    yield "words", client.get("/reports/?show=comments&words=1", headers=headers).content.decode()
    for query in ("by=theme&key=rolling", "by=theme&key=hinges", "did=low"):
        yield query, _content(client.get(f"/reports/sessions/?{query}"))
    view = make_view(user, query="period=30")
    link = shares.url(shares.make(view, by=user, with_names=True, with_comments=True)).split("/share/")[1]
    yield "share", Client().get(f"/share/{link}").content.decode()
    yield "wall", Client().get(f"/share/{link}wall/").content.decode()
    export = exports.start(user, parse({}, scope=visible_teams(user)), [], "csv")
    assert exports.run(export.pk)
    yield "file", b"".join(client.get(f"/reports/export/{export.uuid}/file/").streaming_content).decode()  # type: ignore[attr-defined]
    digests.start(view, by=user)
    time_machine.move_to("2026-11-30T08:00:00Z", tick=False)
    assert digest_sending.send_due() == 1
    mail = SandboxMessage.objects.get(reference__startswith=digest_sending.TOKEN)
    yield "digest", f"{mail.text} {mail.html}"


def _content(response: Any) -> str:
    """Without the question, which may say again what was asked, and without the choices of the filter row."""
    assert response.status_code == 200
    page: str = response.content.decode().split("<main")[-1]
    page = page.replace("search=wheel", "").replace("<mark>", "").replace("</mark>", "")
    page = re.sub(r"<form.*?</form>|<a [^>]*>|<p class=\"muted cluster\">.*?</p>", "", page, flags=re.DOTALL)
    return re.sub(r"Hinge broken, \d+. Ask Zubov, grumbling sales\.", "OUR COMMENT", page)


def test_nothing_of_another_team_is_told_to_a_lead(lead: Client, lead_user: User, time_machine: Any) -> None:
    found = dict(texts(lead, lead_user, time_machine))
    quoted = {
        name: re.sub(r"Hinge broken, \d+. Ask Zubov, grumbling sales\.", "OUR COMMENT", text)
        for name, text in found.items()
    }
    leaks = {name: sorted(set(OTHERS.findall(text))) for name, text in quoted.items() if OTHERS.search(text)}
    assert leaks == {}
    telling = {name for name, text in quoted.items() if "OUR COMMENT" in text}
    assert telling >= {"show=comments", "show=low", "share", "file", "digest"}


def test_the_same_is_told_to_whoever_sees_all_teams(
    manager: Client, manager_user: User, time_machine: Any
) -> None:
    told = {name for name, text in texts(manager, manager_user, time_machine) if "wheel" in text.lower()}
    assert told >= {"show=comments", "show=comments&words=1", "share", "file", "digest"}


def test_names_of_agents_and_teams_never_stand_out(manager: Client) -> None:
    headers = {"HX-Request": "true", "HX-Target": "words"}
    page = manager.get("/reports/?show=comments&words=1&team=Care", headers=headers).content.decode()
    assert "hinge" in page
    assert not re.search("zubov|grumbling|sales|layla|souza|noisy", page, re.IGNORECASE)


def test_a_share_shows_what_its_maker_may_see_now(lead_user: User) -> None:
    share = shares.make(make_view(lead_user), by=lead_user, with_comments=True)
    link = shares.url(share).split("/share/")[1]
    assert "Hinge broken" in Client().get(f"/share/{link}").content.decode()
    lead_user.profile.teams.set([Team.objects.create(name="Nobody's")])
    page = Client().get(f"/share/{link}").content.decode()
    assert "Hinge broken" not in page
    assert "Squeaky" not in page
