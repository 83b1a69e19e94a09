"""Handing out a rating link is a fact of its own: who may, which link, what is told of it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from csat.lib.refusal import Missing, Refused
from csat.people import agents
from csat.people.models import Agent
from csat.surveys import links
from csat.surveys.answers import answering
from csat.surveys.delivery import link_handouts
from csat.surveys.models import Answer, CsatSettings, Link
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.factories import API, make_agent, make_resolved_session, make_sent_survey

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(agent_user: User) -> Agent:
    return agents.agent_for_user(agent_user)


def allow(**values: Any) -> None:
    CsatSettings.current().change(**values)


def facts() -> list[Event]:
    return list(Event.objects.filter(kind=Kind.CSAT_LINK_HANDED_OUT).order_by("id"))


class TestTheCustomersOwn:
    def test_is_the_same_each_time_and_each_time_recorded(self) -> None:
        session = make_resolved_session()
        urls = {link_handouts.hand_out(session, by=API)[0] for _ in range(2)}
        survey = session.again().survey
        assert urls == {links.rate_url(survey)}
        assert [event.data for event in facts()] == [
            {
                "survey_id": str(survey.uuid),
                "channel": "email",
                "purpose": "rate",
                "expires_at": survey.expires_at.isoformat(),
            }
        ] * 2
        assert {event.actor_name for event in facts()} == {"Helpdesk"}
        assert {event.dispatch_after for event in facts()} == {None}

    def test_lives_on_unchanged_while_it_is_open(self) -> None:
        survey = make_sent_survey()
        expires_at = survey.expires_at
        allow(link_days=90)
        assert link_handouts.hand_out(survey.session, by=API)[1].again().expires_at == expires_at

    def test_is_opened_again_when_it_had_ended(self) -> None:
        survey = make_sent_survey()
        survey.change(expires_at=timezone.now() - timedelta(days=1))
        assert links.status_of(link_handouts.hand_out(survey.session, by=API)[1]) == "open"


class TestACopy:
    def test_is_another_link_each_time_one_row_with_who_and_when(self, agent_user: User) -> None:
        survey = make_sent_survey()
        urls = {link_handouts.copy(survey.session, agent_user) for _ in range(2)} | {links.rate_url(survey)}
        assert len(urls) == 3
        copies = Link.objects.filter(purpose="copy", survey=survey)
        assert [link.handed_out_by for link in copies] == [agent_user] * 2

    def test_is_a_fact_on_the_timeline_and_in_the_audit(self, agent_user: User) -> None:
        session = make_sent_survey().session
        link_handouts.copy(session, agent_user)
        link = Link.objects.get(purpose="copy")
        [fact] = facts()
        assert (fact.session_id, fact.actor_name) == (session.pk, "Sam")
        assert (fact.data["purpose"], fact.data["link_id"]) == ("copy", str(link.uuid))
        audited = Event.objects.get(kind=Kind.AUDIT, data__what="link.copied")
        assert audited.data["after"]["link"] == str(link.uuid)
        assert "/r/" not in str(audited.data)

    def test_renews_nothing(self, agent_user: User) -> None:
        survey = make_sent_survey()
        before = timezone.now() - timedelta(minutes=1)
        for expires_at in (survey.expires_at, before):
            survey.change(expires_at=expires_at)
            link_handouts.copy(survey.session, agent_user)
            assert survey.again().expires_at == expires_at

    def test_ends_after_seven_days_by_itself(self, agent_user: User, time_machine: Any) -> None:
        survey = make_sent_survey()
        link_handouts.copy(survey.session, agent_user)
        link = Link.objects.get(purpose="copy")
        assert links.status_of_copy(link, survey) == "open"
        time_machine.move_to(timezone.now() + timedelta(days=7, seconds=1))
        assert links.status_of_copy(link, survey) == "expired"
        assert links.status_of(survey) == "open"

    def test_is_refused_to_agents_once_a_rating_stands(self, agent_user: User, manager_user: User) -> None:
        """learning.md 5; an agent turned a customer's 1 into a 5."""
        survey = make_sent_survey()
        answering.answer(survey, score=1, source="page")
        with pytest.raises(Refused, match="rated already"):
            link_handouts.copy(survey.session, agent_user)
        assert facts() == []
        assert link_handouts.copy(survey.session, manager_user)

    def test_is_only_of_conversations_the_agent_may_see(self, agent_user: User, sam: Agent) -> None:
        allow(agents_see_own_only=True)
        theirs, own = (make_sent_survey(assignee=agent) for agent in (make_agent("Layla"), sam))
        with pytest.raises(Missing):
            link_handouts.copy(theirs.session, agent_user)
        assert link_handouts.copy(own.session, agent_user)

    def test_of_a_colleagues_conversation_is_refused_alike_with_a_rating_and_without(
        self, agent_user: User, sam: Agent
    ) -> None:
        allow(agents_see_own_only=True)
        unrated, rated = (make_sent_survey(assignee=make_agent("Layla")) for _ in range(2))
        answering.answer(rated, score=1, source="page")
        told = {str(link_handouts.refusal(survey.session, agent_user)) for survey in (unrated, rated)}
        assert told == {"This conversation is another agent's."}

    def test_is_for_managers_alone_where_the_settings_say_so(
        self, agent_user: User, manager_user: User
    ) -> None:
        allow(agents_may_copy_links=False)
        session = make_sent_survey().session
        with pytest.raises(Refused, match="Only managers"):
            link_handouts.copy(session, agent_user)
        assert link_handouts.copy(session, manager_user)

    def test_an_answer_by_it_replaces_no_rating_whoever_was_first(self) -> None:
        survey, mark = make_sent_survey(), {"handed_out_by": "sam"}
        answering.answer(survey, score=4, source="page", provenance=mark)
        answering.answer(survey, score=5, source="page", provenance=mark)
        assert list(Answer.objects.values_list("score", "state", "reason")) == [
            (4, "accepted", ""),
            (5, "quarantined", "copied_link"),
        ]
