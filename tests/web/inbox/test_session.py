"""One conversation's page: what it tells, and what a team can do there."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from csat.channels.outbox import SandboxMessage
from csat.connectors import conversations
from csat.connectors.changes import Change, Customer
from csat.connectors.models import Connection, WriteBack
from csat.connectors.rules import Rules
from csat.people import suppression
from csat.people.agents import agent_for_user
from csat.people.models import SuppressionReason
from csat.sessions import activity, resolving, tagging
from csat.sessions.models import Session
from csat.surveys.answers import answering, follow_ups
from csat.surveys.choices import QuarantineReason, Source
from csat.surveys.delivery import link_handouts, sending, staff_messages
from csat.surveys.models import Answer, FollowUp
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import (
    API,
    make_agent,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
    switch_on,
)
from tests.workflows import builders

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def rated(score: int = 4, comment: str = "", **details: Any) -> Session:
    survey = make_sent_survey(**details)
    answering.answer(survey, score=score, comment=comment, source=Source.PAGE)
    return survey.session.again()


def shown(client: Client, session: Session, query: str = "", **headers: str) -> str:
    answer = client.get(f"/inbox/{session.uuid}/{query}", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def do(client: Client, session: Session, act: str, *, htmx: bool = False, **given: str) -> Any:
    return client.post(f"/inbox/{session.uuid}/{act}/", given, headers=HTMX if htmx else {})


class TestStory:
    def test_the_timeline_tells_the_whole_loop_in_order(self, agent: Client) -> None:
        session = rated(1, "still broken", contact=make_contact(name="Li Wei"))
        page = shown(agent, session).split('<ol class="timeline">')[1].split("</ol>")[0]
        told = [
            "Conversation started",
            "My parcel has not come.",
            "Resolved",
            "CSAT requested",
            "CSAT submitted",
            "still broken",
        ]
        places = [page.index(words) for words in told]
        assert places == sorted(places)

    def test_a_workflow_that_ran_is_told_with_its_name(self, agent: Client) -> None:
        builders.workflow(builders.block("add_tag", tag="seen"))
        session = make_resolved_session()
        builders.run_until_idle()
        assert "Workflow: A workflow" in shown(agent, session)

    def test_what_people_write_cannot_become_markup(self, agent: Client) -> None:
        session = make_session(contact=make_contact(name="<i>Eve</i>"), subject="<u>x</u>", messages=0)
        activity.add_message(session, sender="contact", text="<script>alert(1)</script>\nsecond line", by=API)
        page = shown(agent, session)
        assert not [evil for evil in ("<i>Eve", "<u>x", "<script>alert") if evil in page]
        assert "<br>second line" in page

    def test_a_long_conversation_shows_its_end_and_the_rest_on_demand(
        self, agent: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("csat.web.inbox.timeline.LIMIT", 3)
        session = make_session(messages=0)
        for number in range(5):
            activity.add_message(session, sender="contact", text=f"Message {number}.", by=API)
        page = shown(agent, session)
        assert "Message 1." not in page
        assert "Message 4." in page
        assert "Message 0." in shown(agent, session, "?all=1")

    def test_a_hand_off_tells_its_reasons(self, agent: Client) -> None:
        session = make_session()
        activity.hand_off(session, reasons=["insufficient_knowledge"], summary="Wants the VAT number", by=API)
        page = shown(agent, session)
        assert "Handed off to a person: Insufficient knowledge – Wants the VAT number" in page

    def test_who_resolved_it_is_named(self, agent: Client) -> None:
        session = make_session()
        do(agent, session, "resolve")
        assert "Resolved by Sam" in shown(agent, session)


class TestWhy:
    def test_a_skipped_survey_says_which_gate_closed_it(self, agent: Client) -> None:
        switch_on("email", contact_cap_days=7)
        contact = make_contact()
        make_resolved_session(contact=contact)
        sending.send_due()
        second = make_resolved_session(contact=contact)
        sending.send_due()
        page = shown(agent, second)
        assert "Why wasn&#x27;t this customer asked?" in page or "Why wasn't this customer asked?" in page
        assert '<li class="no"' in page
        assert "Already surveyed in the last 7 days" in page

    def test_what_decided_stands_first_and_what_passed_is_folded(self, agent: Client) -> None:
        switch_on("email", sample_percent=0)
        why = shown(agent, make_resolved_session()).split('id="why"')[1].split("</section>")[0]
        decided, passed = why.split('<details class="passed">')
        assert '<li class="no"' in decided
        assert '<li class="yes"' not in decided
        assert re.search(r"\d+ checks passed", passed)
        assert passed.count('<li class="yes"') > 5

    def test_a_sent_one_shows_the_gates_it_passed(self, agent: Client) -> None:
        page = shown(agent, make_sent_survey().session)
        assert "Why was this customer asked?" in page
        assert "Auto-send is on" in page
        assert '<li class="no"' not in page

    def test_deliveries_show_channel_address_and_state(self, agent: Client) -> None:
        survey = make_sent_survey(contact=make_contact(email="ana@souza.example"))
        page = shown(agent, survey.session).split('<ul class="deliveries">')[1].split("</ul>")[0]
        assert "ana@souza.example" in page
        assert "sandbox" in page


class TestNews:
    def poll(self, client: Client, page: str, session: Session) -> Any:
        version = page.split("?v=")[1].split('"')[0]
        return client.get(f"/inbox/{session.uuid}/?v={version}", headers=HTMX)

    def test_nothing_new_is_answered_with_nothing(self, agent: Client) -> None:
        session = make_session()
        assert self.poll(agent, shown(agent, session), session).status_code == 204

    def test_a_rating_shows_up_without_reloading(self, agent: Client) -> None:
        survey = make_sent_survey()
        page = shown(agent, survey.session)
        answering.answer(survey, score=5, comment="Great", source=Source.PAGE)
        answer = self.poll(agent, page, survey.session)
        assert answer.status_code == 200
        assert "Great" in answer.content.decode()
        assert "<html" not in answer.content.decode()

    def test_a_comment_that_joins_a_rating_shows_up_too(self, agent: Client) -> None:
        survey = make_sent_survey()
        given = answering.answer(survey, score=1, source=Source.PAGE, await_comment=True)
        page = shown(agent, survey.session)
        answering.add_comment(given, comment="It broke again")
        assert "It broke again" in self.poll(agent, page, survey.session).content.decode()

    def test_the_box_somebody_types_in_is_not_part_of_the_news(self, agent: Client) -> None:
        assert "<textarea" not in shown(agent, make_session(), **HTMX).split('id="actions"')[0]
        assert 'class="composer"' not in shown(agent, make_session(), **HTMX)


class TestResolving:
    def test_resolve_asks_the_customer(self, agent: Client) -> None:
        switch_on("email")
        session = make_session()
        do(agent, session, "resolve")
        assert session.again().status == Session.Status.RESOLVED
        assert session.again().survey.state == "scheduled"

    def test_resolve_without_survey_asks_nobody(self, agent: Client) -> None:
        switch_on("email")
        session = make_session()
        do(agent, session, "resolve", without="1")
        assert session.again().survey.skipped_by == "skip_csat"

    def test_close_unresolved_and_reopen(self, agent: Client) -> None:
        session = make_session()
        do(agent, session, "close")
        assert session.again().status == Session.Status.UNRESOLVED
        do(agent, session, "reopen")
        assert session.again().status == Session.Status.OPEN

    def test_what_somebody_else_did_meanwhile_is_told_beside_the_button(self, agent: Client) -> None:
        session = make_resolved_session()
        answer = do(agent, session, "resolve", htmx=True)
        assert answer.status_code == 409
        assert answer.headers["HX-Retarget"] == "#refusal-resolve"
        assert "This conversation is already resolved." in answer.content.decode()

    def test_without_javascript_it_comes_back_to_the_page(self, agent: Client) -> None:
        session = make_session()
        answer = agent.post(f"/inbox/{session.uuid}/resolve/", follow=True)
        assert answer.redirect_chain == [(f"/inbox/{session.uuid}/", 302)]
        assert "Resolved." in answer.content.decode()

    def test_with_htmx_only_what_changed_comes_back(self, agent: Client) -> None:
        page = do(agent, make_session(), "resolve", htmx=True).content.decode()
        assert 'id="actions" data-hx-swap-oob="true"' in page
        assert "Reopen" in page
        assert "<html" not in page

    def test_there_are_no_other_verbs(self, agent: Client) -> None:
        assert do(agent, make_session(), "delete").status_code == 404


class TestSurvey:
    def test_it_can_be_sent_by_hand_though_everything_is_off(self, agent: Client) -> None:
        session = make_resolved_session()
        do(agent, session, "survey", message="How did Sam do?")
        sending.send_due()
        survey = session.again().survey
        assert (survey.state, survey.origin, survey.message) == ("sent", "manual", "How did Sam do?")

    def test_on_another_channel_the_contact_can_be_reached_on(self, agent: Client) -> None:
        session = make_resolved_session("email")
        do(agent, session, "survey", channel="sms")
        sending.send_due()
        assert session.again().survey.deliveries.get().channel == "sms"

    def test_an_opt_out_is_never_overruled_and_the_message_typed_stays(self, agent: Client) -> None:
        contact = make_contact()
        contact.change(opted_out_at=contact.created_at)
        session = make_resolved_session(contact=contact)
        answer = do(agent, session, "survey", message="Please?")
        assert answer.status_code == 409
        page = answer.content.decode()
        assert "The customer has opted out" in page
        assert ">Please?</textarea>" in page

    def test_a_channel_without_an_address_cannot_be_chosen(self, agent: Client) -> None:
        page = shown(agent, make_resolved_session("email", contact=make_contact(phone="")))
        assert re.search(r'<option value="sms" disabled\s*>', page)


class TestLink:
    def test_it_is_made_and_nothing_is_sent(self, agent: Client) -> None:
        session = make_resolved_session()
        page = agent.post(f"/inbox/{session.uuid}/link/").content.decode()
        assert "/r/" in page
        assert session.again().survey.deliveries.count() == 0

    def test_with_htmx_it_goes_to_the_clipboard(self, agent: Client) -> None:
        answer = agent.post(f"/inbox/{make_resolved_session().uuid}/link/", headers=HTMX)
        assert "copy-this" in answer.headers["HX-Trigger"]

    def test_an_agent_has_no_button_once_a_rating_stands(self, agent: Client, manager: Client) -> None:
        survey = make_sent_survey()
        assert "Copy link" in shown(agent, survey.session)
        answering.answer(survey, score=1, source="page")
        assert "Copy link" not in shown(agent, survey.session)
        assert "Copy link" in shown(manager, survey.session)
        assert agent.post(f"/inbox/{survey.session.uuid}/link/").status_code == 409

    def test_the_timeline_says_who_copied_it(self, agent: Client) -> None:
        session = make_resolved_session()
        agent.post(f"/inbox/{session.uuid}/link/")
        assert "Rating link copied by Sam" in shown(agent, session)

    def test_a_social_conversation_has_none_and_says_so(self, agent: Client) -> None:
        answer = agent.post(f"/inbox/{make_resolved_session('instagram').uuid}/link/", headers=HTMX)
        assert answer.status_code == 409
        assert "Instagram is never surveyed" in answer.content.decode()


class TestTalking:
    def test_a_reply_is_said_by_whoever_is_logged_in(self, agent: Client) -> None:
        session = make_session()
        do(agent, session, "reply", text="On its way.")
        event = Event.objects.get(kind=Kind.MESSAGE_SENT, session_id=session.pk)
        assert (event.data["text"], event.data["agent_name"]) == ("On its way.", "Sam")

    def test_a_rating_link_in_what_was_said_or_noted_leads_nowhere_here(self, agent: Client) -> None:
        """The customer's own, in a workflow's message or quoted from the survey, would rate for them."""
        session = make_session()
        url = link_handouts.hand_out(session, by=API)[0]
        activity.add_message(session, sender="contact", text=f"> Rate: {url}?score=5", by=API)
        activity.add_note(session, f"Sent {url}", by=API)
        page = shown(agent, session)
        assert url.rpartition("/")[2] not in page
        assert page.count("/r/…") == 2
        assert url.rpartition("/")[2] not in agent.get("/inbox/").content.decode()

    def test_a_note_is_for_the_team_alone(self, agent: Client) -> None:
        session = make_session()
        do(agent, session, "note", text="Called twice.")
        assert Event.objects.get(kind=Kind.SESSION_NOTE).data["text"] == "Called twice."
        assert not Event.objects.filter(kind=Kind.MESSAGE_SENT).exists()

    def test_an_empty_one_is_refused_in_words(self, agent: Client) -> None:
        answer = do(agent, make_session(), "reply", htmx=True, text="  ")
        assert answer.status_code == 422
        assert 'class="notice bad' in answer.content.decode()


class TestDetails:
    def test_tags_are_added_and_removed(self, agent: Client) -> None:
        session = make_session()
        do(agent, session, "tag", tags="refund, vip")
        do(agent, session, "untag", tag="vip")
        assert [tag.name for tag in session.tags.all()] == ["refund"]

    def test_it_is_assigned_and_taken_away_again(self, agent: Client) -> None:
        session, layla = make_session(), make_agent()
        do(agent, session, "assign", agent=str(layla.uuid))
        assert session.again().assignee == layla
        do(agent, session, "assign", agent="")
        assert session.again().assignee is None

    @pytest.mark.parametrize("nobody", ["00000000-0000-4000-8000-000000000000", "x"])
    def test_an_agent_who_is_gone_is_refused_in_words(self, agent: Client, nobody: str) -> None:
        answer = do(agent, make_session(), "assign", htmx=True, agent=nobody)
        assert answer.status_code == 404
        assert "no longer exists" in answer.content.decode()

    @pytest.mark.parametrize(
        ("wait", "told"),
        [(40, "40 s"), (3000, "50 min"), (7300, "2 h"), (90000, "1 day"), (200000, "2 days")],
    )
    def test_it_tells_how_long_the_customer_took(self, agent: Client, wait: int, told: str) -> None:
        session = rated(4)
        session.score.change(submitted_at=session.survey.deliveries.get().sent_at + timedelta(seconds=wait))
        assert f"{told} after it was sent" in shown(agent, session)

    def test_the_contact_panel_counts_their_ratings(self, agent: Client) -> None:
        contact = make_contact()
        rated(3, contact=contact)
        session = rated(4, contact=contact)
        page = shown(agent, session)
        assert "2 ratings" in page
        assert "average 3.5" in page


class TestFollowUp:
    def test_take_note_and_done(self, agent: Client, agent_user: Any) -> None:
        session = rated(1)
        do(agent, session, "take")
        do(agent, session, "follow-up-note", text="Sent a new one")
        do(agent, session, "follow-up-done")
        follow_up = FollowUp.objects.get(session=session)
        assert (follow_up.owner, follow_up.note, follow_up.done_at is not None) == (
            agent_user,
            "Sent a new one",
            True,
        )
        page = shown(agent, session)
        assert "Follow-up assigned · Sam" in page
        assert "Follow-up note · Sam – Sent a new one" in page

    def test_a_good_rating_asks_for_none(self, agent: Client) -> None:
        session = rated(5)
        assert "Needs follow-up" not in shown(agent, session)
        assert do(agent, session, "take", htmx=True).status_code == 404


class TestQuarantine:
    def kept_apart(self) -> tuple[Session, Answer]:
        survey = make_sent_survey()
        return survey.session, answering.answer(
            survey, score=1, comment="bot", source=Source.PAGE, quarantine="no_nonce"
        )

    @pytest.mark.parametrize("reason", QuarantineReason)
    def test_it_shows_with_its_reason_in_words(self, manager: Client, reason: QuarantineReason) -> None:
        survey = make_sent_survey()
        answering.answer(survey, score=1, comment="bot", source=Source.PAGE, quarantine=reason)
        page = shown(manager, survey.session)
        assert "Quarantined" in page
        assert str(reason.label) in page
        assert reason.value not in page
        assert reason.value.replace("_", " ") not in page

    def test_a_manager_restores_it(self, manager: Client) -> None:
        session, given = self.kept_apart()
        do(manager, session, "restore", answer=str(given.uuid))
        assert session.again().score.score == 1

    def test_an_agent_may_not(self, agent: Client) -> None:
        session, given = self.kept_apart()
        assert "Restore" not in shown(agent, session)
        assert do(agent, session, "restore", answer=str(given.uuid)).status_code == 403
        assert given.again().state == Answer.State.QUARANTINED

    def test_another_conversations_answer_is_not_restored_from_here(self, manager: Client) -> None:
        _, given = self.kept_apart()
        assert do(manager, make_session(), "restore", htmx=True, answer=str(given.uuid)).status_code == 404
        assert given.again().state == Answer.State.QUARANTINED


class TestScoreVisibility:
    def test_comments_hidden_from_agents_are_nowhere_on_the_page(
        self, agent: Client, manager: Client
    ) -> None:
        session = rated(5, "Wonderful Sam")
        settings.change(by=API, comments_hidden_from_agents=True)
        assert "Wonderful Sam" not in shown(agent, session)
        assert "agents do not read comments" in shown(agent, session)
        assert "Wonderful Sam" in shown(manager, session)

    def test_a_colleagues_score_is_nowhere_on_the_page(
        self, agent: Client, manager: Client, agent_user: Any
    ) -> None:
        session = rated(1, "Layla was rude", assignee=make_agent("Layla Haddad"))
        follow_ups.save_note(session, agent_user, "Talk to Layla about the 1")
        settings.change(by=API, agents_see_own_only=True)
        page = shown(agent, session)
        assert not [
            told
            for told in ("Terrible", "Layla was rude", "Needs follow-up", "Talk to Layla", "1 rating")
            if told in page
        ]
        assert "Terrible" in shown(manager, session)

    @pytest.mark.parametrize("verb", ["take", "follow-up-note", "follow-up-done"])
    def test_a_colleagues_follow_up_is_handled_by_nobody_who_may_not_see_the_score(
        self, agent: Client, verb: str
    ) -> None:
        """The answer is the same for a low score, a good one and none: otherwise it would tell which."""
        settings.change(by=API, agents_see_own_only=True)
        layla = make_agent("Layla Haddad")
        sessions = [rated(1, assignee=layla), rated(5, assignee=layla), make_session(assignee=layla)]
        answers = [do(agent, session, verb, htmx=True, text="Mine") for session in sessions]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
        assert FollowUp.objects.get().owner is None

    def test_ones_own_score_is(self, agent: Client, agent_user: Any) -> None:
        session = rated(2, "Sam forgot me", assignee=agent_for_user(agent_user))
        settings.change(by=API, agents_see_own_only=True)
        assert "Sam forgot me" in shown(agent, session)


class TestFromAHelpDesk:
    """A conversation of a connection says where it lives, and whether its score went back there."""

    def come_in(self, url: str = "https://desk.example.com/c/42") -> Session:
        change = Change(
            "42", timezone.now(), status="open", url=url, customer=Customer(email="li@wei.example")
        )
        desk = Connection.objects.create(kind="chatwoot", name="Acme desk", digest="0")
        session = conversations.apply(desk, Rules.of(desk.system, {}), change).session
        assert session
        return session

    def write_back(self, session: Session, **state: Any) -> None:
        desk = session.conversation_origin.connection
        WriteBack.objects.create(connection=desk, session=session, revision=1, **state)

    def rate(self, session: Session) -> None:
        _token, survey = link_handouts.hand_out(session, by=API)
        answering.answer(survey, score=2, source=Source.PAGE)

    def test_it_is_opened_there(self, agent: Client) -> None:
        page = shown(agent, self.come_in())
        link = re.search(r'<a href="https://desk.example.com/c/42"([^>]*)>(.*?)</a>', page, re.DOTALL)
        assert link
        assert 'target="_blank" rel="noopener"' in link[1]
        assert "Open in Chatwoot" in link[2]

    def test_what_is_no_web_address_is_no_link(self, agent: Client) -> None:
        page = shown(agent, self.come_in(url="javascript:alert(1)"))
        assert "javascript:alert" not in page
        assert "Chatwoot" in page

    def test_a_conversation_of_our_own_says_nothing_of_it(self, agent: Client) -> None:
        assert "Open in" not in shown(agent, make_session())

    @pytest.mark.parametrize(
        ("state", "told"),
        [
            ({"state": "written", "written_at": timezone.now()}, "Written back to Chatwoot"),
            ({"state": "failed", "error": "403: no"}, "Chatwoot refused the score: 403: no"),
            ({"state": "pending"}, "Not yet written back to Chatwoot"),
        ],
    )
    def test_it_tells_what_became_of_the_score(self, agent: Client, state: dict[str, Any], told: str) -> None:
        session = self.come_in()
        self.rate(session)
        assert told not in shown(agent, session)
        self.write_back(session, **state)
        assert told in shown(agent, session)

    def test_a_page_that_is_open_hears_of_it(self, agent: Client) -> None:
        session = self.come_in()
        self.rate(session)
        version = shown(agent, session).split("?v=")[1].split('"')[0]
        assert agent.get(f"/inbox/{session.uuid}/?v={version}", headers=HTMX).status_code == 204
        self.write_back(session, state="failed", error="403: no")
        assert agent.get(f"/inbox/{session.uuid}/?v={version}", headers=HTMX).status_code == 200


class TestCost:
    def cost(self, client: Client, session: Session, **headers: str) -> int:
        shown(client, session, **headers)
        with CaptureQueriesContext(connection) as queries:
            shown(client, session, **headers)
        return len(queries)

    def test_a_hundred_messages_cost_as_many_queries_as_one(self, agent: Client) -> None:
        short, long = rated(1), rated(1)
        for _ in range(50):
            activity.add_message(long, sender="contact", text="x", by=API)
            activity.add_note(long, "y", by=API)
        assert self.cost(agent, short) == self.cost(agent, long) <= 22

    def test_asking_for_news_costs_next_to_nothing(self, agent: Client) -> None:
        session = make_session()
        version = shown(agent, session).split("?v=")[1].split('"')[0]
        with CaptureQueriesContext(connection) as queries:
            agent.get(f"/inbox/{session.uuid}/?v={version}", headers=HTMX)
        assert len(queries) <= 6


def test_reopening_takes_back_what_was_not_answered(agent: Client) -> None:
    session = make_sent_survey().session
    do(agent, session, "reopen")
    assert "CSAT withdrawn" in shown(agent, session)
    resolving.resolve(session.again(), by=API)
    assert session.again().survey.state == "scheduled"


def test_a_name_turns_no_time_beside_it_round(agent: Client) -> None:
    """Nheko#1796, chatmail/core#3479: a message of 16:41 read "14:61"."""
    session = make_session(contact=make_contact(name="אנה\u202e"), assignee=make_agent("לילה"))
    activity.assign(session, make_agent("שרה"), by=API)
    page = shown(agent, session)
    assert '<bdi class="strong">אנה</bdi>' in page
    assert "\u202e" not in page
    assert re.search(r'<span dir="auto">[^<]*שרה[^<]*</span>', page)


def test_a_change_says_which_fields_and_another_deed_says_what_was_done(agent: Client) -> None:
    session = make_session()
    activity.update(session, by=API, skip_csat=True)
    tagging.tag(session, ["vip"], by=API)
    tagging.untag(session, ["vip"], by=API)
    page = agent.get(f"/inbox/{session.uuid}/").content.decode()
    assert "Helpdesk changed: skip csat" in page
    assert "Tag removed · Helpdesk" in page


class TestTelling:
    def test_a_message_is_on_its_way_and_then_in_the_conversation(self, agent: Client) -> None:
        session = rated(1, "still broken")
        assert "Write to the customer" in shown(agent, session)
        do(agent, session, "tell", text="It works now.")
        assert "Waiting" in shown(agent, session)
        staff_messages.send_due()
        page = shown(agent, session)
        assert page.count("It works now.") == 2  # in the panel, and on the timeline
        assert SandboxMessage.objects.filter(text__contains="It works now.").count() == 1

    def test_why_not_is_said_instead_of_the_button(self, agent: Client) -> None:
        session = rated(1)
        suppression.opt_out(session.contact, by=API, reason=SuppressionReason.STAFF)
        page = shown(agent, session)
        assert "The customer asked not to be written to." in page
        assert "Write to the customer" not in page
        assert do(agent, session, "tell", text="Hello").status_code == 409

    def test_nobody_writes_about_a_rating_they_may_not_see(self, agent: Client) -> None:
        settings.change(by=API, agents_see_own_only=True)
        assert do(agent, rated(1), "tell", text="Hello").status_code == 404

    def test_done_with_a_sentence_for_the_customer(self, agent: Client) -> None:
        session = rated(1)
        do(agent, session, "follow-up-done", resolution="We sent another.")
        follow_up = FollowUp.objects.get()
        assert (follow_up.resolution, bool(follow_up.done_at)) == ("We sent another.", True)
        do(agent, session, "follow-up-say", resolution="We sent two.")
        assert "We sent two." in shown(agent, session)

    def test_an_analyst_writes_nothing(self, analyst: Client) -> None:
        session = rated(1, "still broken")
        assert "Write to the customer" not in shown(analyst, session)
        assert do(analyst, session, "tell", text="Hello").status_code in (403, 404)
