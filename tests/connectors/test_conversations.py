"""One change of a help desk on our conversation."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from csat.connectors import conversations
from csat.connectors.changes import Change, ChangeType, ClosedBy, Customer, Person, SaidThere
from csat.connectors.models import ConversationOrigin, InboundEvent
from csat.connectors.rules import Rules
from csat.imports import importing
from csat.lib.refusal import Refused
from csat.people import agents, brands, erasure
from csat.people.models import Contact, Team
from csat.sessions.models import Session
from csat.surveys.delivery import sending
from csat.surveys.models import CsatSettings, Delivery, Survey
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from csat.timeline.recording import SYSTEM
from tests.factories import switch_on

pytestmark = pytest.mark.django_db
Outcome = InboundEvent.Outcome
NADIA = Customer(email="nadia@customer.example", phone="+493010000001", name="Nadia Berg", external_id="51")
SAM = Person("9", "Sam Okafor", "sam@acme.example")
RULES = Rules(resolved=frozenset({"solved"}), unresolved=frozenset({"spam"}))


def ago(**units):
    return timezone.now() - timedelta(**units)


@pytest.fixture
def tell(connection):
    """Apply a change of conversation 42, a second younger than the one before."""
    connection.change(connected_at=ago(hours=5))
    clock = [ago(hours=1)]

    def apply(rules=RULES, **values):
        clock[0] += timedelta(seconds=1)
        given = {"external_id": "42", "at": clock[0], "customer": NADIA, "channel": "email"} | values
        return conversations.apply(connection, rules, Change(**given))

    return apply


def ask_everybody(**rules):
    """Since yesterday: their events are an hour old."""
    switch_on(**rules)
    CsatSettings.objects.update(auto_send_since=ago(days=1))


def said(number, text="Where is my parcel?", sender="contact", **values):
    return SaidThere(str(number), sender, text, values.pop("at", ago(minutes=30)), **values)


class TestANewConversation:
    def test_it_is_made_with_its_customer_its_channel_and_where_it_came_from(self, tell, connection):
        url = "https://desk.example.com/42"
        applied = tell(subject="Parcel", language="de", url=url, inbox="3")
        session = Session.objects.get()
        assert (applied.outcome, applied.session) == (Outcome.APPLIED, session)
        assert session.external_id == f"{connection.uuid}:42"
        assert (session.subject, session.language, session.channel) == ("Parcel", "de", "email")
        assert session.connected
        assert (session.contact.email, session.contact.phone) == (NADIA.email, NADIA.phone)
        assert session.contact.external_id == f"{connection.uuid}:51"
        origin = session.conversation_origin
        assert (origin.external_id, origin.url, origin.inbox) == ("42", url, "3")

    def test_what_cannot_be_used_of_the_customer_is_left_out_and_the_rest_stays(self, tell):
        tell(customer=Customer(email="nadia@customer.example", phone="0151 234567"))
        assert Session.objects.get().contact.email == "nadia@customer.example"
        assert "phone_number" in Event.objects.get(kind=Kind.SESSION_NOTE).data["text"]

    def test_one_without_any_address_is_kept_too(self, tell):
        tell(customer=Customer(name="Visitor"), status="solved")
        assert Session.objects.get().status == "closed_resolved"

    def test_a_channel_that_is_none_of_ours_keeps_its_word(self, tell):
        tell(channel="", source_channel="Channel::Telegram")
        session = Session.objects.get()
        assert (session.channel, session.custom_data) == ("api", {"source_channel": "Channel::Telegram"})

    def test_an_inbox_may_stand_for_a_channel(self, tell):
        tell(rules=replace(RULES, channels={"7": "whatsapp"}), channel="api", inbox="7")
        assert Session.objects.get().channel == "whatsapp"

    def test_two_connections_of_one_kind_may_have_equal_ids(self, tell, connection, another_connection):
        """Trap 21."""
        tell()
        conversations.apply(another_connection, RULES, Change("42", timezone.now(), customer=NADIA))
        assert Session.objects.count() == ConversationOrigin.objects.count() == 2

    def test_what_tells_of_no_conversation_makes_none_of_all_of_them(self, tell, connection):
        applied = tell(external_id="", status="solved")
        assert (applied.outcome, applied.session) == (Outcome.IGNORED, None)
        change = Change("", timezone.now(), status="solved")
        assert not conversations.resolves(connection, RULES, change)
        assert not Session.objects.exists()

    def test_an_inbox_that_does_not_count_is_ignored_by_its_name(self, tell):
        applied = tell(rules=replace(RULES, inboxes=frozenset({"3"})), inbox="4", inbox_name="Sales")
        assert (applied.outcome, "Sales" in applied.text) == (Outcome.IGNORED, True)
        assert not Session.objects.exists()


class TestMessages:
    def test_each_is_stored_once_in_the_order_it_was_written(self, tell):
        first, second = said(1, "One", at=ago(minutes=9)), said(2, "Two", at=ago(minutes=8))
        tell(messages=(second, first))
        tell(messages=(first, second, said(3, "Three", "agent", author=SAM, at=ago(minutes=7))))
        texts = Event.objects.filter(kind__startswith="message.").order_by("at")
        assert [event.data["text"] for event in texts] == ["One", "Two", "Three"]
        assert texts[2].data["agent_name"] == "Sam Okafor"
        assert Session.objects.get().customer_messages == 2

    def test_one_that_comes_after_the_end_with_an_older_time_is_stored(self, tell):
        """Trap 2."""
        tell(status="solved", messages=(said(1),))
        applied = tell(type=ChangeType.MESSAGE, at=ago(hours=2), messages=(said(2, "Late", at=ago(hours=2)),))
        assert applied.outcome == Outcome.APPLIED
        assert Session.objects.get().customer_messages == 2
        assert Session.objects.get().status == "closed_resolved"

    def test_a_huge_one_is_cut_and_holds_up_neither_the_others_nor_the_end(self, tell):
        huge, controls = said(1, "x" * 200_000, at=ago(minutes=40)), said(2, "\x00\x07")
        assert tell(status="solved", messages=(huge, controls, said(3, "Thanks"))).outcome == Outcome.APPLIED
        texts = Event.objects.filter(kind=Kind.MESSAGE_RECEIVED).order_by("pk").values_list("data", flat=True)
        assert [len(data["text"]) for data in texts] == [100_000, len("Thanks")]
        assert Session.objects.get().status == "closed_resolved"

    def test_our_own_writes_come_back_and_are_dropped(self, tell):
        """Trap 5."""
        tell(status="solved", messages=(said(1),))
        before = Event.objects.count()
        applied = tell(ours=True, status="open", messages=(said(2, "CSAT 4/5 Good", "agent"),))
        assert (applied.outcome, Event.objects.count()) == (Outcome.IGNORED, before)


class TestStates:
    def test_resolved_is_asked_about_once_however_often_it_is_told(self, tell):
        """Traps 1 and 4."""
        ask_everybody()
        tell(messages=(said(1),))
        for _again in range(3):
            tell(status="solved")
        session = Session.objects.get()
        assert session.status == "closed_resolved"
        assert Event.objects.filter(kind=Kind.SESSION_RESOLVED).count() == 1
        assert session.survey.state == "scheduled"

    def test_resolved_may_come_first_and_created_later(self, tell):
        """Trap 2."""
        tell(status="solved", at=ago(minutes=10))
        applied = tell(type=ChangeType.CREATED, status="open", at=ago(minutes=20), messages=(said(1),))
        assert Session.objects.get().status == "closed_resolved"
        assert applied.outcome == Outcome.APPLIED  # its message
        assert Event.objects.filter(kind=Kind.SESSION_REOPENED).count() == 0

    def test_an_old_retry_after_a_reopening_is_ignored(self, tell):
        """Trap 3."""
        tell(status="solved", at=ago(minutes=30))
        tell(status="open", at=ago(minutes=20))
        applied = tell(status="solved", at=ago(minutes=25))
        assert applied.outcome == Outcome.IGNORED
        assert Session.objects.get().status == "open"

    def test_reopened_and_resolved_again_is_asked_anew(self, tell):
        ask_everybody()
        tell(status="solved", messages=(said(1),))
        tell(status="open")
        assert Survey.objects.get().state == "cancelled"
        tell(status="solved")
        assert Survey.objects.get().state == "scheduled"

    def test_an_event_that_tells_no_status_holds_off_no_older_one_that_does(self, tell):
        tell(at=ago(minutes=30))
        tell(type=ChangeType.ASSIGNED, at=ago(minutes=10), assignee=SAM)
        tell(status="solved", at=ago(minutes=20))
        assert Session.objects.get().status == "closed_resolved"

    def test_an_unknown_status_means_that_it_is_open(self, tell):
        """Trap 13."""
        tell(status="on hold")
        assert Session.objects.get().status == "open"

    @pytest.mark.parametrize(
        "values", [{"status": "spam"}, {"type": ChangeType.MERGED}, {"type": ChangeType.DELETED}]
    )
    def test_spam_merged_and_deleted_are_closed_unresolved_and_nobody_is_asked(self, tell, values):
        """Trap 7."""
        ask_everybody()
        tell(messages=(said(1),))
        tell(**values)
        assert Session.objects.get().status == "closed_unresolved"
        assert not Survey.objects.exists()

    @pytest.mark.parametrize(
        ("closed_by", "closure"),
        [
            (ClosedBy.HUMAN, None),
            (ClosedBy.AI, "resolved"),
            (ClosedBy.AUTOMATIC, "assumed_resolved"),
            (ClosedBy.HANDED_OFF, "handed_off"),
            (None, None),
        ],
    )
    def test_who_closed_it_decides_the_kind_of_closing(self, tell, closed_by, closure):
        """Trap 8."""
        tell(status="solved", closed_by=closed_by)
        assert Session.objects.get().ai_closure_type == closure

    def test_closed_by_an_assumption_the_gate_says_so(self, tell):
        """Trap 8."""
        ask_everybody(skip_ai_assumed=True)
        tell(status="solved", closed_by=ClosedBy.AUTOMATIC, messages=(said(1),))
        assert Survey.objects.get().skipped_by == "ai_assumption"

    def test_the_order_holds_by_a_clock_that_is_a_little_ahead(self, tell):
        tell(status="solved", at=timezone.now() + timedelta(seconds=40))
        applied = tell(status="open", at=timezone.now() + timedelta(seconds=10), messages=(said(1),))
        assert Session.objects.get().status == "closed_resolved"
        assert applied.text == "1 new message"

    def test_a_clock_that_is_ahead_does_not_hold_off_what_follows(self, tell):
        tell(status="solved", at=timezone.now() + timedelta(hours=3))
        tell(status="open", at=timezone.now() + timedelta(seconds=2))
        assert Session.objects.get().status == "open"


class TestNobodyIsAsked:
    def test_about_what_was_resolved_before_the_connection(self, tell, connection):
        """Trap 16."""
        ask_everybody()
        connection.change(connected_at=ago(minutes=1))
        applied = tell(status="solved", at=ago(minutes=5), messages=(said(1),))
        assert "before the connection" in applied.text
        assert Survey.objects.get().state == "skipped"

    def test_about_what_was_resolved_over_a_day_ago(self, tell, connection):
        ask_everybody()
        connection.change(connected_at=ago(days=9))
        tell(status="solved", at=ago(hours=25), messages=(said(1),))
        assert Survey.objects.get().state == "skipped"

    def test_who_was_closed_before_anybody_wrote(self, tell):
        ask_everybody()
        tell(type=ChangeType.CREATED, status="solved")
        assert Survey.objects.get().skipped_by == "merged_or_spam"

    def test_whom_the_help_desk_asks_itself(self, tell):
        """Trap 19."""
        ask_everybody()
        tell(their_survey=True, messages=(said(1),))
        tell(status="solved")
        assert Survey.objects.get().skipped_by == "their_survey_on"

    def test_who_wrote_in_a_chat_that_is_not_ours_by_a_card_but_by_email(self, tell):
        """The card cannot be shown there, so guaranteed delivery does not wait for it."""
        ask_everybody()
        tell(channel="web", status="solved", messages=(said(1),))
        while sending.send_due():
            pass
        deliveries = Delivery.objects.order_by("id").values_list("channel", "state")
        assert list(deliveries) == [("web", "failed"), ("email", "sent")]

    def test_who_wrote_on_a_channel_that_is_none_of_ours_by_anything_but_email(self, tell):
        ask_everybody()
        tell(channel="", source_channel="Channel::Telegram", status="solved", messages=(said(1),))
        while sending.send_due():
            pass
        deliveries = Delivery.objects.order_by("id").values_list("channel", "state")
        assert list(deliveries) == [("api", "failed"), ("email", "sent")]

    def test_who_wrote_there_and_has_no_address(self, tell):
        ask_everybody()
        tell(
            channel="", source_channel="Channel::Telegram", status="solved", customer=Customer(name="Visitor")
        )
        assert Survey.objects.get().state == "scheduled"
        while sending.send_due():
            pass
        survey = Survey.objects.get()
        assert (survey.state, survey.skipped_by) == ("skipped", "address")


class TestLanguage:
    GERMAN = replace(NADIA, language="de")

    @pytest.mark.parametrize(
        ("chosen", "told", "language"),
        [
            ("conversation", "fr", "fr"),
            ("conversation", "", "de"),
            ("customer", "fr", "de"),
            ("none", "fr", ""),
        ],
    )
    def test_which_language_counts_is_a_rule(self, tell, chosen, told, language):
        tell(rules=replace(RULES, language=chosen), language=told, customer=self.GERMAN)
        session = Session.objects.get()
        assert session.language == language
        assert session.contact.language == ("" if chosen == "none" else "de")

    def test_one_that_is_told_later_is_taken_once(self, tell):
        tell()
        tell(language="fr")
        tell(language="it")
        assert Session.objects.get().language == "fr"


class TestWhoHasIt:
    def test_by_email_only_nobody_is_credited_for_a_name(self, tell):
        rules = replace(RULES, agents="email")
        tell(
            rules=rules,
            assignee=Person("10", "Mia"),
            messages=(said(1, "Hi", "agent", author=Person("10", "Mia")),),
        )
        assert Session.objects.get().assignee is None
        tell(rules=rules, assignee=SAM)
        assert Session.objects.get().assignee.name == "Sam Okafor"

    def test_the_assignee_team_and_tags_follow_theirs(self, tell):
        tell(assignee=SAM, team="Billing", tags=("vip",))
        applied = tell(assignee=Person("10", "Mia"), tags=("vip", "late"))
        session = Session.objects.get()
        assert (session.assignee.name, session.team.name) == ("Mia", "Billing")
        assert sorted(session.tags.values_list("name", flat=True)) == ["late", "vip"]
        assert "Mia" in applied.text

    def test_an_agents_address_that_is_none_does_not_lose_the_event(self, tell):
        tell(assignee=Person("10", "Mia", "not an address"))
        assert Session.objects.get().assignee.name == "Mia"

    def test_an_address_told_later_completes_the_customer(self, tell):
        tell(customer=Customer(external_id="51"))
        tell(customer=NADIA)
        assert Session.objects.get().contact.email == NADIA.email
        assert Contact.objects.count() == 1

    def test_one_who_was_nobody_becomes_the_customer_that_is_known(self, tell):
        tell(customer=Customer())
        tell(customer=Customer(email=NADIA.email))
        assert Session.objects.get().contact.email == NADIA.email

    def test_one_who_was_nobody_at_the_first_end_is_asked_after_the_second(self, tell):
        ask_everybody()
        tell(status="solved", customer=Customer(), messages=(said(1),))
        tell(status="open", customer=Customer(email=NADIA.email))
        tell(status="solved", customer=Customer(email=NADIA.email))
        assert Survey.objects.get().state == "scheduled"
        assert Session.objects.get().contact == Survey.objects.get().contact
        assert Session.objects.get().contact.email == NADIA.email

    def test_but_not_when_another_customer_has_the_address(self, tell):
        Contact.objects.create(email=NADIA.email)
        tell(status="solved", customer=Customer(), messages=(said(1),))
        applied = tell(status="open", customer=Customer(email=NADIA.email))
        assert applied.text == "reopened"
        assert Session.objects.get().contact.email == ""

    def test_an_address_that_another_customer_has_completes_nobody(self, tell):
        Contact.objects.create(email=NADIA.email, name="Nadia of the shop")
        tell(customer=Customer(external_id="51"))
        applied = tell(customer=Customer(external_id="51", email=NADIA.email))
        assert (applied.outcome, applied.text) == (Outcome.DUPLICATE, "Nothing new.")
        assert Session.objects.get().contact.email == ""

    def test_an_erased_customer_is_not_brought_back(self, tell):
        tell(messages=(said(1),))
        erasure.erase(Session.objects.get().contact, by=SYSTEM)
        applied = tell(status="solved", messages=(said(2, "Hello again"),))
        assert applied.outcome == Outcome.IGNORED
        assert Session.objects.count() == 1
        assert Event.objects.filter(data__text="Hello again").count() == 0


def test_what_was_imported_from_a_file_is_found_by_its_first_event(tell, connection, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = ContentFile(b"ticket,score,date\n42,2,2026-01-02\n", "past.csv")
    source = importing.upload(file, "generic", by=SYSTEM, connection=connection.uuid)
    importing.start(source, by=SYSTEM)
    importing.run(source.pk)
    before = Session.objects.get()
    tell(url="https://desk.example.com/42", messages=(said(1),))
    session = Session.objects.get()
    assert (session.pk, session.connected, session.score.score) == (before.pk, True, 2)
    assert session.conversation_origin.url == "https://desk.example.com/42"


def test_only_what_would_ask_somebody_is_worth_a_look_at_how_it_stands(tell, connection):
    def resolves(**values):
        change = Change(**{"external_id": "42", "at": timezone.now(), "status": "solved"} | values)
        return conversations.resolves(connection, RULES, change)

    tell()
    assert resolves()
    assert resolves(external_id="new")
    assert not resolves(status="open")
    assert not resolves(ours=True)
    assert not resolves(external_id="new", at=ago(days=3))
    tell(status="solved")
    assert not resolves()


def test_a_long_id_of_a_message_is_kept_once_and_a_long_one_of_a_conversation_is_refused(tell):
    """PostgreSQL takes nothing that is longer than its column."""
    two = said("<" + "m" * 400 + "1>", "One"), said("<" + "m" * 400 + "2>", "Two")
    tell(messages=two)
    assert tell(messages=two).outcome == Outcome.DUPLICATE
    assert Session.objects.get().customer_messages == 2
    for length in (161, 300):
        with pytest.raises(Refused, match="too long"):
            tell(external_id="x" * length)


def test_a_new_conversation_has_the_brand_of_the_rules_whatever_its_team(tell):
    for slug in ("zebra", "giraffe"):
        brands.create(by=SYSTEM, slug=slug, name=slug.title())
    agents.find_or_create_team("Care")
    brands.give_to_teams(brands.find("giraffe"), Team.objects.all(), by=SYSTEM)
    named = replace(RULES, brands={"3": "zebra"})
    assert tell(rules=named, inbox="3", team="Care").session.again().brand.slug == "zebra"
    assert tell(rules=named, inbox="4", team="Care", external_id="43").session.again().brand.slug == "giraffe"
    assert tell(rules=named, inbox="4", external_id="44").session.again().brand is None


def test_an_inbox_that_is_told_later_brings_its_brand_until_it_is_resolved(tell):
    brands.create(by=SYSTEM, slug="zebra", name="Zebra")
    named = replace(RULES, brands={"3": "zebra"})
    session = tell(rules=named).session
    assert session.again().brand is None
    tell(rules=named, inbox="3")
    assert session.again().brand.slug == "zebra"
    other = tell(rules=named, external_id="43", status="solved").session
    tell(rules=named, external_id="43", inbox="3")
    assert other.again().brand is None
