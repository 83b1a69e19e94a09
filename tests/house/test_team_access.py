"""A team lead in an installation with two teams finds on every page exactly what an installation without the
other team would show: the same figures, rows, choices and files, and no word of the others.

Pages without a row in their address are walked by themselves. One with a row must say in OF_A_ROW what it is.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib import admin as site
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from csat.channels.outbox import SandboxMessage
from csat.people import agents, roles
from csat.people.models import Agent, Contact, Profile, Team
from csat.reports import exports, rollup
from csat.reports.filters import Filters, parse
from csat.reports.models import ChartNote, Export, SavedView
from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.subscriptions.models import Digest, Share
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import QuarantineReason
from csat.surveys.delivery import scheduling, sending
from csat.surveys.models import Answer, Delivery, FollowUp, Score, Survey
from csat.surveys.visibility import visible_teams
from csat.timeline.models import Event
from csat.web.reports.tabs import DID, RECOVERY, TABS
from tests.factories import API, make_contact, make_session, switch_on
from tests.house.test_access import TABLE

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
OURS, THEIRS, NOBODYS = "ourcare", "othersales", "orphaned"
# changes from one look at a page to the next: tokens of forms, of polls
VOLATILE = re.compile(r'(csrfmiddlewaretoken" value="|X-CSRFToken": "|[?&;]v=|\bv": ?")[\w.]+')

# an address with a row, as the lead sees it: the kind of row, and what is tried with one of the other team
OF_A_ROW = {
    "inbox/<uuid:uuid>/": "session",
    "inbox/<uuid:uuid>/link/": "session",
    "inbox/<uuid:uuid>/<slug:name>/": "session",
    "inbox/<uuid:uuid>/remove-practice/": "session",
    "contacts/<uuid:uuid>/": "contact",
    "outbox/<uuid:uuid>/": "mail",
    "outbox/<uuid:uuid>/mail/": "mail",
    "reports/notes/<uuid:uuid>/remove/": "note",
    "reports/views/<uuid:uuid>/rename/": "view",
    "reports/views/<uuid:uuid>/delete/": "view",
    "reports/views/<uuid:uuid>/send/": "view",
    "reports/views/<uuid:uuid>/share/": "view",
    "reports/sent/<uuid:uuid>/stop/": "digest",
    "reports/shares/<uuid:uuid>/revoke/": "share",
    "reports/export/<uuid:uuid>/": "export",
    "reports/export/<uuid:uuid>/cancel/": "export",
    "reports/export/<uuid:uuid>/file/": "export",
    "settings/people/<int:pk>/": "person",
    "settings/people/<int:pk>/<slug:name>/": "person",
    "settings/people/invitations/<uuid:uuid>/<slug:name>/": "invitation",
    # one's own account, which no team has to do with
    "account/second-factor/passkeys/<int:pk>/": "",
    "account/second-factor/passkeys/<int:pk>/remove/": "",
    "account/sessions/<int:pk>/end/": "",
    "profile/email/<str:token>/": "",
    "checklist/<slug:name>/": "",
}
ACTS = (
    "resolve", "close", "reopen", "reply", "note", "tag", "untag", "assign", "survey", "take",
    "follow-up-note", "follow-up-done", "restore",
)  # fmt: skip


class Story:
    """What happens in one team: every name, address and text of it has the team's word in it."""

    def __init__(self, word: str, team: str | None, digits: str, shared: Contact) -> None:
        self.word, self.digits = word, digits
        self.team = Team.objects.get_or_create(name=team)[0] if team else None
        self.person = User.objects.create_user(f"{word}-user", f"{word}-user@acme.example", first_name=word)
        self.person.groups.add(Group.objects.get(name=roles.AGENT))
        profile = Profile.objects.get_or_create(user=self.person)[0]
        profile.teams.set([self.team] if self.team else [])
        self.agent = agents.find_or_create(name=f"{word} agent", email=f"{word}@acme.example")
        self.agent.change(team=self.team)
        self.sessions: list[Session] = []
        self._tell(shared)

    def _tell(self, shared: Contact) -> None:
        contact = self._contact(1)
        low = self._ask("email", contact)
        self._rate(low, 1)
        self._make_good(low)
        self._rate(self._ask("email", self._contact(2)), 2)
        self._rate(self._ask("sms", contact), 5)
        self._rate(self._ask("email", shared), 4)
        self._quarantine(self._ask("email", self._contact(3)))
        self._ask("whatsapp", contact)
        self._start("web", contact)
        resolving.resolve(self._start("email", self._contact(4)), by=API, ask=False)

    def _contact(self, number: int) -> Contact:
        return make_contact(
            name=f"{self.word} Customer {number}",
            email=f"{self.word}{number}@customer.example",
            phone=f"+4930{self.digits}{number}",
            external_id=f"crm-{self.word}-{number}",
            custom_data={"plan": self.word},
        )

    def _start(self, channel: str, contact: Contact) -> Session:
        details: dict[str, Any] = {"subject": f"About {self.word}", "custom_data": {"order": self.word}}
        session = make_session(channel, contact=contact, team=self.team, assignee=self.agent, **details)
        activity.add_message(session, sender="agent", text=f"{self.word} replies", by=API, agent=self.agent)
        activity.add_note(session, f"{self.word} noted", by=API)
        tagging.tag(session, [f"{self.word}-tag"], by=API)
        activity.hand_off(session, reasons=["insufficient_tools"], summary=f"{self.word} asks", by=API)
        self.sessions.append(session)
        return session

    def _ask(self, channel: str, contact: Contact) -> Survey:
        session = self._start(channel, contact)
        resolving.resolve(session, by=API)
        scheduling.request(session, origin="manual", by=API)
        sending.send_due()
        return Survey.objects.get(session=session)

    def _rate(self, survey: Survey, score: int) -> None:
        answering.answer(
            survey, score=score, source="page", comment=f"{self.word} says {score}", about="help"
        )
        if score <= 2:
            follow_ups.assign_to(survey.session, self.person)
            follow_ups.save_note(survey.session, self.person, f"{self.word} was called")

    def _make_good(self, survey: Survey) -> None:
        resolving.reopen(survey.session.again(), by=API)
        resolving.resolve(survey.session.again(), by=API)
        scheduling.request(survey.session.again(), origin="manual", by=API)
        sending.send_due()
        answering.answer(survey.again(), score=4, source="page", comment=f"{self.word} is better")

    def _quarantine(self, survey: Survey) -> None:
        comment = f"{self.word} by a machine"
        answering.answer(
            survey, score=1, source="page", comment=comment, quarantine=next(iter(QuarantineReason))
        )

    def rows(self) -> dict[str, list[Any]]:
        """By kind, as OF_A_ROW names them: their ids."""
        sessions, user = [session.pk for session in self.sessions], self.person
        surveys = [
            str(uuid) for uuid in Survey.objects.filter(session__in=sessions).values_list("uuid", flat=True)
        ]
        mails = [mail for mail in SandboxMessage.objects.all() if str(mail.data.get("survey_id")) in surveys]
        view = SavedView.objects.get_or_create(user=user, name=self.word, query=f"tag={self.word}-tag")[0]
        export = Export.objects.get_or_create(user=user, defaults={"filters": {}, "state": "done"})[0]
        digest = Digest.objects.get_or_create(view=view, user=user, defaults={"next_at": NOW})[0]
        share = Share.objects.get_or_create(view=view, user=user, defaults={"expires_at": NOW})[0]
        note = ChartNote.objects.get_or_create(day=NOW, text=f"{self.word} went home", team=self.team)[0]
        return {
            "note": [note.uuid],
            "session": [session.uuid for session in self.sessions],
            "contact": list(
                Contact.objects.filter(name__startswith=self.word).values_list("uuid", flat=True)
            ),
            "mail": [mail.uuid for mail in mails],
            "view": [view.uuid],
            "export": [export.uuid],
            "digest": [digest.uuid],
            "share": [share.uuid],
            "person": [user.pk],
            "invitation": [],
        }


@pytest.fixture(autouse=True)
def _at_one_time(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def shared() -> Contact:
    """A customer of all the teams."""
    roles.sync()
    switch_on()
    return make_contact(name="Shared Customer", email="shared@customer.example", phone="+493012345678")


@pytest.fixture
def ours(shared: Contact, lead_user: User) -> Story:
    return Story(OURS, "Care", "1111111", shared)


def they_come(shared: Contact) -> list[Story]:
    """Another team, and conversations of no team."""
    return [Story(THEIRS, "Sales", "2222222", shared), Story(NOBODYS, None, "3333333", shared)]


def routes() -> dict[str, tuple[int, ...]]:
    """What the access table says of each route that somebody must log in for."""
    found: dict[str, tuple[int, ...]] = {}
    for route, _address, expected in TABLE:
        if expected[0] == 302 and (route not in found or expected[2] != 404):
            found[route] = expected
    return found


def for_the_lead() -> list[str]:
    """The routes that are not closed to team leads."""
    return [route for route, expected in routes().items() if expected[2] != 403]


def reports(ours: Story) -> Iterator[str]:
    """Every tab and every filter."""
    agent = Agent.objects.get(name=f"{OURS} agent").uuid
    asked = [
        "period=7", "period=365&compare=1", "quarantined=1", "credit=last_human", "credit=most_replies",
        f"agent={agent}", "agent=none", "agent_kind=human", "team=Care", "team=Sales", "team=none",
        "team=Care%0ASales", "channel=email", "channel=email&language=none", "score=1,2", "about=help",
        f"tag={OURS}-tag", f"tag={THEIRS}-tag", "handoff_reason=insufficient_tools", "imported=false",
        "channel=email&about=help&quarantined=1", "from=2026-05-19T07:10:00Z&to=2026-05-20T23:50:00Z",
    ]  # fmt: skip
    yield from (f"/reports/?show={tab}&{question}" for tab in TABS for question in ("", "quarantined=1"))
    yield from (f"/reports/?{question}" for question in asked)
    yield from (f"/reports/?show=comments&search={word}" for word in (OURS, THEIRS, "says"))
    yield from (f"/reports/export/?{question}" for question in asked[::4])


def behind_figures(ours: Story) -> Iterator[str]:
    """The conversations that each figure leads to."""
    agent = Agent.objects.get(name=f"{OURS} agent").uuid
    yield from (f"/reports/sessions/?period=7&did={did}" for did in DID)
    yield from (f"/reports/sessions/?period=7&recovery={step}" for step in RECOVERY)
    keys = {
        "team": ("Care", "Sales", "none"), "agent": (agent, "none"), "channel": ("email", "sms"),
        "tag": (f"{OURS}-tag", f"{THEIRS}-tag"), "day": ("2026-05-20",),
        "handoff_reason": ("insufficient_tools",),
    }  # fmt: skip
    yield from (f"/reports/sessions/?by={by}&key={key}" for by, values in keys.items() for key in values)


def lists(ours: Story) -> Iterator[str]:
    agent = Agent.objects.get(name=f"{OURS} agent").uuid
    number = ours.sessions[0].pk
    words = (OURS, THEIRS, NOBODYS, "says", "About", "Customer", f"%23{number}", f"%23{number + 20}", "+4930")
    filters = [
        "status=open", "status=resolved", "channel=sms", "score=low", "score=any", "score=none", "score=4",
        "needs_follow_up=on", f"agent={agent}",
    ]  # fmt: skip
    yield from (f"/inbox/?{query}" for query in (*filters, *(f"q={word}" for word in words)))
    known = (
        "ratings=some",
        "ratings=low",
        "ratings=none",
        "asking=may",
        "asking=opted-out",
        "asking=blocked",
    )
    yield from (f"/contacts/?{query}" for query in (*known, *(f"q={word}" for word in words)))


def admin_pages(ours: Story) -> Iterator[str]:
    for model in (Session, Contact, Survey, Delivery, Answer, Score, FollowUp, Agent, Team):
        name = model._meta.model_name
        yield from (f"/admin/csat/{name}/{query}" for query in ("", f"?q={OURS}", f"?q={THEIRS}", "?q=1"))
    for field in ("assignee", "team"):
        yield f"/admin/autocomplete/?app_label=csat&model_name=session&field_name={field}&term="
    for session in ours.sessions:
        yield f"/admin/csat/session/{session.pk}/change/"
        yield f"/admin/csat/contact/{session.contact_id}/change/"
    yield from (f"/admin/csat/survey/{pk}/change/" for pk in _pks(Survey, ours, "session"))
    yield from (f"/admin/csat/answer/{pk}/change/" for pk in _pks(Answer, ours, "survey__session"))
    yield "/admin/"


def _pks(model: Any, story: Story, path: str) -> list[int]:
    rows = model.objects.filter(**{f"{path}__in": [session.pk for session in story.sessions]})
    return list(rows.order_by("pk").values_list("pk", flat=True))


def plain_pages(ours: Story) -> Iterator[str]:
    """Each address of the access table that is open to a lead, with every row of theirs."""
    rows = ours.rows() | {"view": [], "export": [], "digest": [], "share": []}  # those are another person's
    for route in for_the_lead():
        if route.startswith("account/"):  # oneself alone, and secrets that are new on every look
            continue
        if "<" not in route:
            yield f"/{route}"
        elif routes()[route][2] == 200:
            yield from (_address(route, row) for row in rows.get(OF_A_ROW[route], ()))
    yield from (f"/inbox/{session.uuid}/?all=1" for session in ours.sessions)


def _address(route: str, row: Any) -> str:
    return "/" + re.sub("<(uuid:uuid|int:pk)>", str(row), route)


def look(client: Client, addresses: list[str]) -> dict[str, tuple[int, str]]:
    """What each page answers and says."""
    found = {}
    for address in addresses:
        answer = client.get(address)
        text = "" if answer.streaming else answer.content.decode()
        found[address] = (answer.status_code, VOLATILE.sub(r"\1", text))
    return found


def files(client: Client, user: User) -> dict[str, str]:
    """Every way in which rows are taken out."""
    found = {}
    for format in ("csv", "scsv", "tsv"):
        answer = client.post("/reports/export/now/?period=365", {"format": format})
        found[f"now {format}"] = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    for format in ("csv", "xlsx"):
        export = exports.start(user, asked_by(user), [], format)
        assert exports.run(export.pk)
        answer = client.get(f"/reports/export/{export.uuid}/file/")
        found[f"file {format}"] = _unpacked(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
        export.delete()
    every = {"select_across": "1", "_selected_action": ["0"]}
    for action in ("export_csv", "export_semicolons"):
        answer = client.post("/admin/csat/session/", {"action": action, **every})
        found[f"admin {action}"] = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return found


def asked_by(user: User) -> Filters:
    return parse({"from": "2026-01-01", "to": "2026-12-31"}, scope=visible_teams(user))


def _unpacked(content: bytes) -> str:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content.decode()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if "core.xml" not in name]  # when it was made
        return "".join(archive.read(name).decode() for name in names)


def test_every_address_with_a_row_that_a_lead_may_open_says_what_it_is() -> None:
    with_a_row = {route for route in for_the_lead() if "<" in route}
    assert with_a_row - set(OF_A_ROW) == set()


@pytest.mark.parametrize("part", [plain_pages, lists, reports, behind_figures, admin_pages])
def test_a_lead_finds_what_an_installation_without_the_others_shows(
    part: Any, ours: Story, shared: Contact, lead: Client, manager: Client
) -> None:
    rollup.recount_everything()
    rollup.recount()
    addresses = list(dict.fromkeys(part(ours)))
    before = look(lead, addresses)
    they_come(shared)
    _same(before, look(lead, addresses))
    if part is reports:  # what was read from base rows is read from the rollup now
        rollup.recount()
        _same(before, look(lead, [address for address in addresses if address.startswith("/reports/?")]))
    told = [address for address, (_status, text) in before.items() if OURS in text.replace(address, "")]
    assert len(told) > 10
    # the same pages do speak of the others to whoever sees them
    seen = look(manager, told[:10])
    assert {word for word in (THEIRS, NOBODYS) for _status, text in seen.values() if word in text} != set()


def test_a_lead_takes_out_what_an_installation_without_the_others_has(
    ours: Story, shared: Contact, lead: Client, lead_user: User, manager: Client, manager_user: User
) -> None:
    before = files(lead, lead_user)
    they_come(shared)
    _same(before, files(lead, lead_user))
    assert all(OURS in text for text in before.values())
    assert all(THEIRS in text and NOBODYS in text for text in files(manager, manager_user).values())


def _same(before: dict[str, Any], after: dict[str, Any]) -> None:
    different = [address for address, answer in after.items() if answer != before[address]]
    assert not different, _difference(different[0], before, after) + f"\n{different}"
    named = [key for key, answer in after.items() if _names_others(key, str(answer))]
    assert not named


def _names_others(address: str, text: str) -> bool:
    """A page may say again what was asked of it."""
    return any(word in text.lower() for word in (THEIRS, NOBODYS) if word not in address)


def _difference(address: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    lines = [str(side[address]).replace("\\n", "\n").splitlines() for side in (before, after)]
    unequal = [pair for pair in zip(*lines, strict=False) if pair[0] != pair[1]]
    return f"{address}: {[[line[:200] for line in pair] for pair in unequal[:3]]}"


def test_no_row_of_another_team_is_opened_or_changed_by_its_address(
    ours: Story, shared: Contact, lead: Client
) -> None:
    others = they_come(shared)
    rows = [story.rows() for story in others]
    state = _state()
    for route in for_the_lead():
        kind = OF_A_ROW.get(route, "") if "<" in route else ""
        for story in rows if kind else ():
            for row in story[kind][:3]:
                for name in ACTS if "<slug:name>" in route else ("",):
                    address = _address(route, row).replace("<slug:name>", name)
                    for answer in (lead.get(address), lead.post(address, {"text": "x", "name": "x"})):
                        assert answer.status_code in (403, 404, 405), (address, answer.status_code)
                        assert not _names_others("", answer.content.decode()), address
    assert _state() == state


def _state() -> list[Any]:
    return [
        Event.objects.exclude(kind="audit").count(),
        *(
            list(model.objects.order_by("pk").values())
            for model in (Session, Survey, Score, SavedView, ChartNote)
        ),
    ]


def test_in_the_admin_a_lead_opens_no_row_of_another_team(ours: Story, shared: Contact, lead: Client) -> None:
    others = they_come(shared)
    ids: list[tuple[str, int]] = []
    for story in others:
        for model, path in ((Survey, "session"), (Delivery, "survey__session"), (Answer, "survey__session"),
                            (Score, "session"), (FollowUp, "session")):  # fmt: skip
            ids += [(str(model._meta.model_name), pk) for pk in _pks(model, story, path)]
        ids += [("session", session.pk) for session in story.sessions]
        ids += [("contact", session.contact_id) for session in story.sessions if session.contact != shared]
        ids += [("agent", story.agent.pk), *([("team", story.team.pk)] if story.team else [])]
    for name, pk in ids:
        for page in ("change", "history"):
            answer = lead.get(f"/admin/csat/{name}/{pk}/{page}/")
            assert answer.status_code in (302, 403, 404), (name, page)
            assert not _names_others("", answer.content.decode())
    session = others[0].sessions[0]
    for action in ("reopen", "resolve", "export_csv"):
        lead.post("/admin/csat/session/", {"action": action, "_selected_action": [str(session.pk)]})
    assert session.again().updated_at == session.updated_at or session.again().status == "resolved"
    move = {"assignee": "", "team": str(others[0].team.pk), "language": "", "sentiment": ""}  # type: ignore[union-attr]
    answer = lead.post(f"/admin/csat/session/{ours.sessions[0].pk}/change/", move)
    assert answer.status_code == 200  # shown again: there is no such team for this person
    assert ours.sessions[0].again().team == ours.team


def test_every_table_of_the_admin_that_a_lead_opens_is_walked_here(lead_user: User) -> None:
    roles.sync()
    user = User.objects.get(pk=lead_user.pk)
    opened = {
        str(model._meta.model_name)
        for model in site.site._registry
        if user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    }
    assert opened == {
        "session", "contact", "survey", "delivery", "answer", "score", "followup", "agent", "team",
    }  # fmt: skip


def test_an_export_is_only_of_what_may_still_be_seen(ours: Story, lead: Client, lead_user: User) -> None:
    waiting = exports.start(lead_user, asked_by(lead_user), [], "csv")
    made = exports.start(lead_user, asked_by(lead_user), [], "csv")
    assert exports.run(made.pk)
    address = f"/reports/export/{made.uuid}/file/"
    assert lead.get(address).status_code == 200
    lead_user.profile.teams.set([Team.objects.create(name="Sales")])
    page = lead.get(address)
    assert page.status_code == 404
    assert "Your role or your teams have changed since." in page.content.decode()
    assert not exports.run(waiting.pk)
    assert waiting.again().state == Export.State.FAILED
    lead_user.groups.set([Group.objects.get(name=roles.AGENT)])
    assert lead.get(address).status_code == 403


def test_an_export_of_everything_is_closed_to_a_manager_who_leads_a_team_now(
    ours: Story, manager: Client, manager_user: User
) -> None:
    export = exports.start(manager_user, asked_by(manager_user), [], "csv")
    assert exports.run(export.pk)
    address = f"/reports/export/{export.uuid}/file/"
    assert manager.get(address).status_code == 200
    manager_user.groups.set([Group.objects.get(name=roles.TEAM_LEAD)])
    Profile.objects.get_or_create(user=manager_user)[0].teams.add(*Team.objects.all())
    assert manager.get(address).status_code == 404


def test_a_lead_without_a_team_is_told_so_and_sees_nothing(
    ours: Story, lead: Client, lead_user: User
) -> None:
    lead_user.profile.teams.clear()
    for address in ("/inbox/", "/contacts/", "/outbox/", "/reports/", "/reports/export/"):
        page = lead.get(address).content.decode()
        assert "You are in no team yet" in page, address
        assert OURS not in page, address
    lead_user.profile.teams.add(Team.objects.get(name="Care"))
    assert "You are in no team yet" not in lead.get("/inbox/").content.decode()


def test_a_leads_pages_take_no_query_for_each_row(ours: Story, shared: Contact, lead: Client) -> None:
    addresses = ("/inbox/", "/contacts/", "/outbox/", "/reports/?show=low", "/reports/?show=comments")

    def queries() -> dict[str, int]:
        counted = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert lead.get(address).status_code == 200
            counted[address] = len(captured)
        return counted

    queries()  # what is looked up once per process
    before = queries()
    Story("morecare", "Care", "4444444", shared)
    assert queries() == before
    assert "morecare" in lead.get("/inbox/").content.decode()


def test_a_report_says_which_teams_it_is_of(ours: Story, lead: Client, manager: Client) -> None:
    for address in ("/reports/", "/reports/export/", "/reports/sessions/?did=answered"):
        assert '<span class="tag">Care</span>' in lead.get(address).content.decode(), address
        assert '<span class="tag">Care</span>' not in manager.get(address).content.decode(), address


def test_a_lead_does_for_the_team_what_an_agent_does_and_more(ours: Story, lead: Client) -> None:
    session = next(session for session in ours.sessions if session.again().status == "open")
    assert lead.post(f"/inbox/{session.uuid}/reply/", {"text": "Dear customer"}).status_code == 302
    assert lead.post(f"/inbox/{session.uuid}/assign/", {"agent": ours.agent.uuid}).status_code == 302
    assert lead.post(f"/inbox/{session.uuid}/link/").status_code == 200
    answer = Answer.objects.get(state=Answer.State.QUARANTINED)
    address = f"/inbox/{answer.survey.session.uuid}"
    assert "Restore" in lead.get(f"{address}/").content.decode()
    assert lead.post(f"{address}/restore/", {"answer": answer.uuid}).status_code == 302
    assert answer.again().state == Answer.State.ACCEPTED
    low = FollowUp.objects.filter(done_at=None).first()
    assert low
    assert lead.post(f"/inbox/{low.session.uuid}/follow-up-done/").status_code == 302
    assert low.again().done_at


def test_an_agent_of_another_team_is_no_choice_for_a_lead(ours: Story, shared: Contact, lead: Client) -> None:
    other = they_come(shared)[0].agent
    session = ours.sessions[0]
    answer = lead.post(f"/inbox/{session.uuid}/assign/", {"agent": other.uuid})
    assert answer.status_code == 404
    assert session.again().assignee == ours.agent


def test_an_analyst_reads_everything_and_finds_no_button(
    ours: Story, shared: Contact, analyst: Client
) -> None:
    they_come(shared)
    ours.sessions[0].change(practice=True)
    for session in Session.objects.all():
        page = analyst.get(f"/inbox/{session.uuid}/").content.decode()
        forms = set(re.findall(r'<form[^>]*action="([^"]+)"', page)) - {reverse("logout")}
        assert forms == set(), session
        assert "data-hx-post" not in page
        assert session.subject in page
    for contact in Contact.objects.all():
        page = analyst.get(f"/contacts/{contact.uuid}/").content.decode()
        assert set(re.findall(r'<form[^>]*action="([^"]+)"', page)) <= {reverse("logout")}
    for address in ("/inbox/", "/inbox/?q=nothing-has-this", "/contacts/"):
        page = analyst.get(address).content.decode()
        assert set(re.findall(r'<form method="post" action="([^"]+)"', page)) <= {reverse("logout")}, address
        assert reverse("outbox") not in page
    state = _state()
    for session in ours.sessions[:2]:
        for name in (*ACTS, "link"):
            assert analyst.post(f"/inbox/{session.uuid}/{name}/", {"text": "x"}).status_code == 403
    assert _state() == state
    assert THEIRS in analyst.get("/reports/?show=comments").content.decode()


def test_an_analyst_finds_nothing_in_the_admin_that_can_be_changed(ours: Story, analyst: Client) -> None:
    for name, row in (("session", ours.sessions[0]), ("contact", ours.sessions[0].contact)):
        page = analyst.get(f"/admin/csat/{name}/{row.pk}/change/").content.decode()
        assert 'name="_save"' not in page
        answer = analyst.post(f"/admin/csat/{name}/{row.pk}/change/", {"name": "Changed", "language": "de"})
        assert answer.status_code == 403
