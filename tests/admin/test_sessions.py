"""The admin's sessions: found, read, and moved only by the verbs."""

import csv
import io
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from csat.people import roles
from csat.sessions import activity
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.kept_links import RATING_URL
from csat.surveys.models import Delivery
from csat.surveys.rules import settings
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.admin.rows import make_rated_session
from tests.factories import (
    API,
    make_agent,
    make_contact,
    make_resolved_session,
    make_sent_survey,
    make_session,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/csat/session/"


@pytest.fixture(autouse=True)
def _roles(db: Any) -> None:
    roles.sync()


def do(client: Client, action: str, *sessions: Session, **more: Any) -> Any:
    return client.post(
        LIST, {"action": action, "_selected_action": [session.pk for session in sessions], **more}
    )


def told(answer: Any) -> str:
    return " ".join(str(message) for message in get_messages(answer.wsgi_request))


def kinds(session: Session) -> list[str]:
    return list(Event.objects.filter(session_id=session.pk).order_by("id").values_list("kind", flat=True))


def test_a_session_bridged_into_the_widget_is_listed_under_web_chat(agent: Client) -> None:
    bridged, plain = make_session("instagram", bridged_to_web=True), make_session("instagram")
    for channel, session in (("web", bridged), ("instagram", plain)):
        found = agent.get(LIST, {"channel": channel}).context["cl"].queryset
        assert list(found) == [session]


class TestActions:
    def test_resolve_goes_through_the_verb_in_the_agents_name(self, agent: Client) -> None:
        session = make_session()
        answer = do(agent, "resolve", session)
        assert session.again().status == Session.Status.RESOLVED
        assert Event.objects.get(kind=Kind.SESSION_RESOLVED).actor_name == "Sam"
        assert "1 conversation changed." in told(answer)

    def test_resolving_schedules_the_survey_as_anywhere_else(self, agent: Client) -> None:
        settings.change(by=API, auto_send=True, channels={"email": {"enabled": True}})
        session = make_session()
        do(agent, "resolve", session)
        assert Delivery.objects.filter(survey__session=session).exists()

    def test_resolve_without_survey_asks_nobody(self, agent: Client) -> None:
        settings.change(by=API, auto_send=True, channels={"email": {"enabled": True}})
        session = make_session()
        do(agent, "resolve_without_survey", session)
        assert session.again().status == Session.Status.RESOLVED
        assert not Delivery.objects.exists()

    def test_reopen(self, agent: Client) -> None:
        session = make_resolved_session()
        do(agent, "reopen", session)
        assert session.again().status == Session.Status.OPEN
        assert kinds(session)[-1] == Kind.SESSION_REOPENED

    def test_send_survey_needs_no_channel_to_be_on(self, agent: Client) -> None:
        session = make_resolved_session()
        answer = do(agent, "send_survey", session)
        assert session.again().survey.deliveries.count() == 1
        assert "1 survey requested." in told(answer)

    def test_one_refusal_is_told_and_stops_no_other(self, agent: Client) -> None:
        never, reachable = make_resolved_session("instagram"), make_resolved_session()
        answer = do(agent, "send_survey", never, reachable)
        assert Delivery.objects.get().survey.session == reachable
        assert f"{never}: Instagram is never surveyed" in told(answer)
        assert "1 survey requested." in told(answer)

    def test_what_is_resolved_already_is_said(self, agent: Client) -> None:
        assert "is already closed" in told(do(agent, "resolve", make_resolved_session()))

    def test_a_button_on_the_sessions_page_comes_back_to_it(self, agent: Client) -> None:
        session = make_session()
        page = agent.get(f"{LIST}{session.pk}/change/").content.decode()
        assert 'value="resolve"' in page
        assert 'value="reopen"' not in page
        answer = do(agent, "resolve", session, _back=session.pk)
        assert answer["Location"] == f"{LIST}{session.pk}/change/"

    def test_an_outsider_moves_nothing(self, outsider: Client) -> None:
        session = make_session()
        do(outsider, "resolve", session)
        assert session.again().status == Session.Status.OPEN


class TestInvariants:
    def test_a_posted_status_changes_nothing(self, admin: Client) -> None:
        session = make_session()
        admin.post(
            f"{LIST}{session.pk}/change/",
            {"status": "closed_resolved", "resolved_at_0": "2026-01-01", "resolved_at_1": "00:00"},
        )
        assert session.again().status == Session.Status.OPEN
        assert Event.objects.filter(kind=Kind.SESSION_RESOLVED).count() == 0

    def test_the_contact_and_channel_of_a_session_stay(self, admin: Client) -> None:
        session = make_session("email")
        admin.post(f"{LIST}{session.pk}/change/", {"contact": make_contact().pk, "channel": "sms"})
        assert (session.again().contact, session.again().channel) == (session.contact, "email")

    def test_none_is_added(self, admin: Client) -> None:
        assert admin.post(f"{LIST}add/", {"channel": "email"}).status_code == 403


class TestChanging:
    def test_assigning_is_told_on_the_timeline(self, agent: Client) -> None:
        session, omar = make_session(), make_agent("Omar")
        answer = agent.post(
            f"{LIST}{session.pk}/change/", {"assignee": omar.pk, "team": "", "language": "", "sentiment": ""}
        )
        assert answer.status_code == 302
        assert session.again().assignee == omar
        assert Kind.SESSION_ASSIGNED in kinds(session)

    def test_the_rest_is_audited(self, agent: Client) -> None:
        session = make_session()
        agent.post(
            f"{LIST}{session.pk}/change/",
            {"assignee": "", "team": "", "language": "pt-br", "sentiment": "positive", "skip_csat": "on"},
        )
        session = session.again()
        assert (session.language, session.sentiment, session.skip_csat) == ("pt-br", "positive", True)
        assert Event.objects.get(kind=Kind.AUDIT).data["after"]["sentiment"] == "changed"

    def test_a_refusal_stands_beside_its_field(self, agent: Client) -> None:
        session = make_session()
        answer = agent.post(
            f"{LIST}{session.pk}/change/", {"assignee": "", "team": "", "language": "", "sentiment": "x" * 30}
        )
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors["sentiment"]


class TestFinding:
    @pytest.mark.parametrize("words", ["Ana", "ana@shop.example", "+4930555", "refund", "T-77"])
    def test_by_contact_subject_or_external_id(self, agent: Client, words: str) -> None:
        ana = make_contact(name="Ana Souza", email="ana@shop.example", phone="+49305551234")
        found = make_session(contact=ana, subject="My refund", external_id="T-77")
        make_session()
        assert [row.pk for row in agent.get(LIST, {"q": words}).context["cl"].result_list] == [found.pk]

    def test_by_ticket_number(self, agent: Client) -> None:
        make_session()
        found = make_session()
        for words in (str(found.pk), f"#{found.pk}"):
            assert [row.pk for row in agent.get(LIST, {"q": words}).context["cl"].result_list] == [found.pk]

    @pytest.mark.parametrize(
        "chosen",
        [
            {"score": "2"},
            {"survey": "answered"},
            {"follow_up": "needed"},
            {"status__exact": "closed_resolved"},
        ],
        ids=str,
    )
    def test_by_filter(self, agent: Client, chosen: dict[str, str]) -> None:
        make_session()
        rated = make_rated_session(score=2)
        assert [row.pk for row in agent.get(LIST, chosen).context["cl"].result_list] == [rated.pk]

    def test_those_without_a_survey(self, agent: Client) -> None:
        make_rated_session()
        plain = make_session()
        assert [row.pk for row in agent.get(LIST, {"survey": "none"}).context["cl"].result_list] == [plain.pk]


class TestSeeing:
    def test_the_timeline_is_read_on_the_page(self, agent: Client) -> None:
        session = make_session()
        page = agent.get(f"{LIST}{session.pk}/change/").content.decode()
        assert "My parcel has not come." in page
        assert "Message from the customer" in page

    def test_a_link_that_was_kept_is_read_as_the_address_it_was(self, agent: Client) -> None:
        session = make_session()
        activity.add_message(session, sender="agent", text=f"Rate us: {RATING_URL}", by=API)
        page = agent.get(f"{LIST}{session.pk}/change/").content.decode()
        assert "/r/…" in page
        assert RATING_URL not in page

    def test_agents_see_only_their_own_scores_when_the_rules_say_so(
        self, agent: Client, manager: Client
    ) -> None:
        settings.change(by=API, agents_see_own_only=True)
        other = make_rated_session(score=2, agent=make_agent("Somebody else"))
        assert [row.seen_score for row in agent.get(LIST).context["cl"].result_list] == [None]
        assert [row.seen_score for row in manager.get(LIST).context["cl"].result_list] == [2]
        assert list(agent.get(LIST, {"score": "2"}).context["cl"].result_list) == []
        assert "Too slow" not in agent.get(f"{LIST}{other.pk}/change/").content.decode()

    def test_agents_do_not_read_comments_when_the_rules_say_so(self, agent: Client, manager: Client) -> None:
        settings.change(by=API, comments_hidden_from_agents=True)
        survey = make_sent_survey()
        answering.answer(survey, score=2, source="page", comment="Too slow")
        page = f"{LIST}{survey.session_id}/change/"
        assert "Too slow" not in agent.get(page).content.decode()
        assert "Too slow" in manager.get(page).content.decode()


def exported(client: Client) -> list[dict[str, str]]:
    answer = do(client, "export_csv", *Session.objects.all())
    text = b"".join(answer.streaming_content).decode().removeprefix("\ufeff")
    return [{}, *csv.DictReader(io.StringIO(text, newline=""))]


class TestExport:
    def test_one_row_per_session_with_the_columns_of_the_data_export(self, manager: Client) -> None:
        session = make_rated_session(score=2, comment="=HYPERLINK()", agent=make_agent("Layla"))
        row = exported(manager)[1]
        assert row["Ticket Number"] == str(session.pk)
        assert (row["CSAT Score"], row["CSAT Label"], row["Agent"], row["Agent Type"]) == (
            "2",
            "Poor",
            "Layla",
            "human",
        )
        assert row["CSAT Comment"] == "'=HYPERLINK()"
        assert list(row)[:3] == ["Session ID", "Ticket Number", "Channel"]

    def test_with_semicolons_for_a_spreadsheet_that_expects_them(self, manager: Client) -> None:
        make_rated_session(comment="nice;=1+2;x")
        answer = do(manager, "export_semicolons", *Session.objects.all())
        text = b"".join(answer.streaming_content).decode("utf-8-sig")
        (row,) = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
        assert row["CSAT Comment"] == "nice;'=1+2;x"
        assert row["Contact Phone"].startswith("+49")

    def test_it_takes_as_many_queries_for_many_as_for_one(
        self, manager: Client, django_assert_max_num_queries: Any
    ) -> None:
        make_rated_session()
        with django_assert_max_num_queries(26) as one:
            exported(manager)
        for _ in range(8):
            make_rated_session()
        with django_assert_max_num_queries(len(one)):
            assert len(exported(manager)) == 10
