"""The traps of design/connectors.md that no other test shows from their request to what the customer gets:
through the door, the worker and back. tests/house/test_traps.py knows where the others are.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from csat.connectors import connections, sweeping, writing_back
from csat.connectors.models import ConnectedMessage, Connection, ConversationOrigin, InboundEvent, WriteBack
from csat.people.models import Contact
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import sending
from csat.surveys.models import Survey
from csat.timeline import dispatching
from csat.timeline.kinds import Kind
from csat.timeline.models import Event
from tests.connectors import door
from tests.connectors.door import connect, knock, tell
from tests.connectors.fake_desk import ADA
from tests.connectors.fakes import FakeApi, payload
from tests.connectors.systems import test_front, test_twilio_flex
from tests.factories import API
from tests.logs import written
from tests.standins import chatwoot
from tests.standins.chatwoot import ChatwootServer
from tests.standins.listening import Listener, listening
from tests.standins.server import Reply

pytestmark = pytest.mark.django_db
RESOLVED_AT = 1795172500.123  # of Chatwoot's example


@pytest.fixture
def clock() -> Iterator[Any]:
    """Minutes after what the example bodies tell; everybody who is resolved is asked."""
    with time_machine.travel(door.NOW) as traveller:
        door.ask_everybody()
        yield traveller


def told(kind: str) -> int:
    return Event.objects.filter(kind=kind).count()


def survey() -> Survey:
    """The only one; AssertionError when there are none or more."""
    [found] = Survey.objects.all()
    return found


def conversation(name: str, **more: Any) -> dict[str, Any]:
    """One of Chatwoot's conversation events, with further values."""
    body: dict[str, Any] = payload(f"chatwoot-conversation_{name}")
    return body | more


def customer(**details: Any) -> dict[str, Any]:
    """The `meta` of Chatwoot's conversation, with other details of its customer."""
    meta = conversation("status_changed")["meta"]
    return {"meta": meta | {"sender": meta["sender"] | details}}


def message(**more: Any) -> dict[str, Any]:
    """A message of Chatwoot's conversation while it was still open."""
    body: dict[str, Any] = payload("chatwoot-message_created-incoming")
    then = {"status": "open", "updated_at": 1795168805.5}
    return body | {"conversation": body["conversation"] | then} | more


def send_what_is_due() -> None:
    while sending.send_due():
        pass


@pytest.mark.usefixtures("clock")
class TestOutOfOrder:
    def test_resolved_arrives_before_created_and_a_message_with_an_older_time_after_it(self) -> None:
        """Trap 2."""
        desk = connect("chatwoot", account="1")
        assert "resolved" in tell(desk, conversation("status_changed")).text
        assert tell(desk, conversation("created")).outcome == "ignored"
        assert tell(desk, message()).outcome == "applied"
        session = Session.objects.get()
        assert (session.status, session.customer_messages) == ("closed_resolved", 2)
        assert (told(Kind.SESSION_RESOLVED), told(Kind.SESSION_REOPENED)) == (1, 0)
        assert survey().state == "scheduled"

    def test_an_old_retry_of_closed_after_a_reopen_is_ignored(self, clock: Any) -> None:
        """Trap 3: FreeScout sends what it once built again, for up to two hours."""
        desk = connect("freescout")
        closed, event = payload("freescout-convo.status-closed"), {"x-freescout-event": "convo.status"}
        reply = {"x-freescout-event": "convo.customer.reply.created"}
        assert "resolved" in tell(desk, closed, event).text
        clock.move_to(datetime(2026, 11, 20, 13, 1, tzinfo=UTC))
        assert (
            "reopened" in tell(desk, payload("freescout-convo.customer.reply.created-reopened"), reply).text
        )
        tell(desk, closed, event)
        assert desk.events.count() == 2, "the very same body is known"
        again = tell(desk, closed | {"preview": "in other words"}, event)
        assert again.text == "Ignored: older than what is known of it."
        assert Session.objects.get().status == "open"
        assert survey().state == "cancelled"

    def test_open_resolved_open_resolved_in_a_second_and_every_payload_says_resolved(self) -> None:
        """Trap 4: Chatwoot builds the body of an event when it sends it."""
        desk = connect("chatwoot", account="1")
        tell(desk, conversation("created"))
        for number in range(3):
            body = conversation("status_changed", updated_at=RESOLVED_AT + number / 3)
            assert knock(desk, body).status_code == 200
        door.apply(desk)
        assert [event.outcome for event in desk.events.order_by("id")] == ["applied"] * 2 + ["duplicate"] * 2
        assert (told(Kind.SESSION_RESOLVED), survey().request_number) == (1, 1)


@pytest.mark.usefixtures("clock")
class TestWhatEndsAConversation:
    def test_resolved_inside_a_reply_event_only(self) -> None:
        """Trap 6: freescout#4305, chatwoot#9277."""
        desk = connect("freescout")
        body = payload("freescout-convo.agent.reply.created-send_and_close")
        tell(desk, body, {"x-freescout-event": "convo.agent.reply.created"})
        other = connect("chatwoot", account="1")
        tell(other, conversation("updated-resolved"))
        assert list(Session.objects.values_list("status", flat=True)) == ["closed_resolved"] * 2
        assert list(Survey.objects.values_list("state", flat=True)) == ["scheduled"] * 2

    def test_solved_and_closed_by_the_automation_days_later_is_nothing_new(self, clock: Any) -> None:
        """Trap 7."""
        desk = connect("zendesk")
        tell(desk, payload("zendesk-ticket.comment_added"))
        tell(desk, payload("zendesk-ticket.status_changed-solved") | {"id": "solved"})
        before = survey().state, survey().request_number, Event.objects.count()
        assert before[0] == "scheduled"
        clock.move_to(datetime(2026, 11, 24, 11, 3, tzinfo=UTC))
        closed = tell(desk, payload("zendesk-ticket.status_changed-autoclosed") | {"id": "closed"})
        assert (closed.outcome, closed.text.startswith("Not used: ")) == ("ignored", True)
        assert (survey().state, survey().request_number, Event.objects.count()) == before

    @pytest.mark.parametrize(
        ("kind", "name", "values", "event"),
        [
            ("zammad", "zammad-ticket-merged", {}, ""),
            ("freescout", "freescout-convo.status-closed", {"state": "deleted"}, "convo.deleted"),
            ("freescout", "freescout-convo.status-closed", {"status": "spam"}, "convo.status"),
            ("zendesk", "zendesk-ticket.status_changed-solved",
             {"type": "zen:event-type:ticket.marked_as_spam"}, ""),
            ("chatwoot", "chatwoot-conversation_created-blocked_contact", {}, ""),
        ],
    )  # fmt: skip
    def test_deleted_spam_and_merged_are_closed_unresolved_and_nobody_is_asked(
        self, kind: str, name: str, values: dict[str, Any], event: str
    ) -> None:
        """Trap 7."""
        tell(connect(kind), payload(name) | values, {"x-freescout-event": event})
        assert Session.objects.get().status == "closed_unresolved"
        assert not Survey.objects.exists()

    def test_a_bots_guess_and_an_automatic_close_are_kept_as_such_and_the_gate_names_it(self) -> None:
        """Trap 8."""
        door.ask_everybody(skip_ai_assumed=True)
        tell(connect("intercom"), payload("intercom-conversation.admin.closed-bot"))
        desk = connect("chatwoot", account="1", fields={"auto_resolve_label": "billing"})
        tell(desk, conversation("status_changed"))
        closures = Session.objects.values_list("ai_closure_type", "survey__state", "survey__skipped_by")
        assert list(closures) == [("assumed_resolved", "skipped", "ai_assumption")] * 2


class TestWhoTheCustomerIs:
    @pytest.mark.parametrize(
        ("details", "phone", "end"),
        [
            ({"email": None}, "+4915112345678", ("sent", "")),
            ({"email": "", "phone_number": None}, "", ("skipped", "address")),
            ({"email": "", "phone_number": "0151 12345678"}, "", ("skipped", "address")),
            ({"email": "not an address", "phone_number": ""}, "", ("skipped", "address")),
        ],
    )
    def test_the_number_is_asked_where_there_is_no_email_and_without_both_the_gate_says_no_address(
        self, clock: Any, details: dict[str, Any], phone: str, end: tuple[str, str]
    ) -> None:
        """Trap 9."""
        body = conversation("status_changed", channel="Channel::Whatsapp", **customer(**details))
        assert tell(connect("chatwoot", account="1"), body).outcome == "applied"
        contact = Contact.objects.get()
        assert (contact.email or "", contact.phone or "") == ("", phone)
        clock.shift(3600)
        send_what_is_due()
        assert (survey().state, survey().skipped_by) == end

    def test_of_two_contacts_the_one_who_wrote_is_asked_and_a_hidden_address_breaks_nothing(
        self, clock: Any
    ) -> None:
        """Trap 9: Intercom, and Jira without a token that may see addresses."""
        body = payload("intercom-conversation.admin.closed")
        contacts = body["data"]["item"]["contacts"]["contacts"]
        contacts.insert(0, {"type": "contact", "id": "somebody else", "email": "copy@example.com"})
        assert "resolved" in tell(connect("intercom"), body).text
        assert Contact.objects.get().email == "ana.example@example.com"
        done = payload("jsm-issue_updated-done")
        done["issue"]["properties"] = {"request.channel.type": {"value": "email"}}
        assert "resolved" in tell(connect("jsm"), done).text
        hidden = Session.objects.get(contact__email="")
        assert hidden.contact.name == "Ana Example"
        clock.shift(3600)
        send_what_is_due()
        ends = Survey.objects.order_by("session_id").values_list("state", "skipped_by")
        assert list(ends) == [("sent", ""), ("skipped", "address")]


KINDS = sorted([*door.TIMED, *door.BY_BODY, *door.BY_TOKEN])
BODY = '{"event":"moon.risen","topic":"moon.risen","text":"Grüße \\/ \\u00fc"}'.encode()


class TestSignatures:
    """Trap 10, of every system through its door; the vectors of section 2 are in tests/connectors/systems."""

    def test_the_right_one_is_taken_in(self, kind: str) -> None:
        """Trap 10: with UTF-8 and an escaped slash in the body, and with no body at all."""
        desk = connect(kind)
        assert [knock(desk, body).status_code for body in (BODY, b"")] == [200, 200]
        assert (desk.again().rejected, desk.events.count()) == (0, 2)

    def test_everything_else_is_refused_counted_and_not_stored(self, kind: str) -> None:
        """Trap 10."""
        desk = connect(kind)
        right = door.sign(kind, door.SECRET, BODY, desk.inbound_url)
        bad = list(_spoiled(kind, right))
        if kind not in door.BY_TOKEN:
            bad.append(door.sign(kind, door.SECRET, json.dumps(json.loads(BODY)).encode(), desk.inbound_url))
        for stamp in _stamps(kind) if kind in door.TIMED else ():
            bad.append(door.TIMED[kind](door.SECRET, BODY, desk.inbound_url, stamp))
        for headers in bad:
            assert knock(desk, BODY, {**dict.fromkeys(right), **headers}).status_code == 401, headers
        assert knock(desk, BODY, secret="of another").status_code == 401
        assert (desk.again().rejected, desk.events.count()) == (len(bad) + 1, 0)
        assert door.SECRET not in desk.again().rejected_reason
        assert knock(desk, BODY).status_code == 200

    def test_after_a_rotation_both_secrets_verify(self, kind: str) -> None:
        """Trap 10."""
        desk = connect(kind)
        connections.change(desk, by=ADA, secrets_given={"inbound": "their new one"})
        secrets = "their new one", door.SECRET, "neither"
        assert [knock(desk, BODY, secret=secret).status_code for secret in secrets] == [200, 200, 401]

    def test_the_secret_of_one_connection_opens_no_other(self, kind: str) -> None:
        """Trap 21."""
        ours, theirs = connect(kind, secret="of A"), connect(kind, secret="of B")
        assert knock(theirs, BODY, secret="of A").status_code == 401
        assert knock(ours, BODY, secret="of A").status_code == 200
        assert not theirs.events.exists()


@pytest.fixture(params=KINDS)
def kind(request: Any) -> str:
    return str(request.param)


def _stamps(kind: str) -> list[str]:
    """Times that are over five minutes away, in the form of this system, and what is no time."""
    away = [datetime.now(UTC) + timedelta(seconds=seconds) for seconds in (-301, 330)]
    if kind == "zendesk":
        return [*(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in away), "soon", "2026-13-45T00:00:00Z"]
    unit = 1 if kind == "chatwoot" else 1000
    return [*(str(int(at.timestamp() * unit)) for at in away), "soon", "1e9"]


def _spoiled(kind: str, right: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The headers of a request whose signature is missing, cut off, of another prefix, or no ASCII."""
    name = next(name for name in right if "timestamp" not in name)
    value = right[name]
    others = ["", value[:-4], "md5=" + value.partition("=")[2], "sïgnature", "Bearer " + value]
    return ({**right, name: other} for other in (None, *others))


class TestTheAddress:
    @pytest.fixture
    def desk(self, settings: Any) -> Connection:
        settings.SITE_URL = "https://us.acme.example"
        return connect("hubspot")

    def test_hubspot_signs_the_public_address_although_http_arrives_from_the_proxy(
        self, desk: Connection
    ) -> None:
        """Trap 11."""
        body = payload("hubspot-ticket.propertyChange")
        assert knock(desk, body, secure=False).status_code == 200
        sent, _type = door.written("hubspot", body)
        inside = desk.inbound_url.replace("https://us.acme.example", "http://testserver")
        assert knock(desk, body, door.sign("hubspot", door.SECRET, sent, inside)).status_code == 401

    def test_a_query_counts_when_hubspot_was_told_it_and_a_slash_is_another_address(
        self, desk: Connection
    ) -> None:
        """Trap 11."""
        body = payload("hubspot-ticket.propertyChange")
        sent, _type = door.written("hubspot", body)
        bare = door.sign("hubspot", door.SECRET, sent, desk.inbound_url)
        assert knock(desk, body, query="?team=a").status_code == 200
        assert knock(desk, body, bare, query="?added=1").status_code == 200
        slashed = door.sign("hubspot", door.SECRET, sent, desk.inbound_url + "/")
        assert knock(desk, body, slashed).status_code == 401
        assert desk.events.count() == 1


@pytest.mark.usefixtures("clock")
class TestWhatIsNotUnderstood:
    def test_of_an_array_of_a_hundred_with_a_bad_one_ninety_nine_are_applied(self) -> None:
        """Trap 12."""
        [event] = payload("hubspot-ticket.propertyChange")
        body = [event | {"objectId": 1000 + number} for number in range(100)]
        body[41] = event | {"objectId": {"id": None}}
        kept = tell(connect("hubspot"), body)
        assert Session.objects.count() == 99
        assert kept.text.startswith("99 of 100 changes applied")
        assert "an event without its kind or its object" in kept.text
        assert kept.parsed[41]["objectId"] == {"id": None}

    def test_an_unknown_event_is_kept_and_shown_with_the_reason_that_it_is_not_used(
        self, kind: str, admin: Any
    ) -> None:
        """Trap 13."""
        desk = connect(kind)
        event = tell(desk, BODY)
        assert event.outcome in ("ignored", "failed")
        assert event.text
        assert (event.parsed if isinstance(event.parsed, str) else json.dumps(event.parsed)).count(
            "moon.risen"
        )
        page = admin.get(f"/settings/connections/{desk.uuid}/events/").content.decode()
        assert event.text in page

    def test_an_unknown_status_and_channel_stay_as_their_words(self) -> None:
        """Trap 13."""
        desk = connect("chatwoot", account="1")
        body = conversation("status_changed", status="sleeping", channel="Channel::Pigeon", more={"x": None})
        assert tell(desk, body).outcome == "applied"
        origin = ConversationOrigin.objects.get()
        assert (origin.status, origin.session.status, origin.session.channel) == ("sleeping", "open", "api")
        assert origin.session.custom_data == {"source_channel": "Channel::Pigeon"}


@pytest.mark.usefixtures("clock")
class TestTheirOwnSurvey:
    def test_it_is_no_message_of_the_customer_and_no_reply_of_an_agent(self) -> None:
        """Trap 19."""
        desk = connect("chatwoot", account="1")
        tell(desk, message())
        asked = message(id=90_113, message_type="template", content_type="input_csat", content="Rate us")
        assert "their own survey is on" in tell(desk, asked).text
        session = Session.objects.get()
        assert (session.customer_messages, told(Kind.MESSAGE_SENT)) == (1, 0)
        assert ConnectedMessage.objects.count() == 1
        tell(desk, conversation("status_changed"))
        assert survey().skipped_by == "their_survey_on"


@pytest.mark.usefixtures("clock")
class TestOneOfMany:
    def test_equal_ids_of_two_connections_are_two_conversations(self) -> None:
        """Trap 21."""
        for desk in (connect("chatwoot", account="1"), connect("chatwoot", account="1")):
            assert tell(desk, conversation("status_changed")).outcome == "applied"
        assert Session.objects.count() == Survey.objects.count() == 2

    def test_a_transfer_between_tasks_of_twilio_is_one_conversation_that_ends_with_the_last(self) -> None:
        """Trap 23: flex-plugins#663."""
        tasks = [test_twilio_flex.task(test_twilio_flex.OTHER_TASK, "assigned"), test_twilio_flex.task()]
        api = FakeApi({f"GET {test_twilio_flex.TASKS}": {"tasks": tasks}})
        desk = connect("twilio_flex", token="t0ken", account=test_twilio_flex.CONFIG.account)
        with door.answering(api):
            tell(desk, test_twilio_flex.form())
            assert Session.objects.get().status == "open"
            tasks[0]["assignment_status"] = "completed"
            more = {
                "TaskSid": test_twilio_flex.OTHER_TASK,
                "Sid": "EV" + "2" * 32,
                "TimestampMs": "1795172600000",
            }
            tell(desk, test_twilio_flex.form(**more))
        assert Session.objects.get().status == "closed_resolved"
        assert (told(Kind.SESSION_RESOLVED), Survey.objects.count()) == (1, 1)

    def test_archived_in_one_inbox_of_front_and_open_in_another_is_asked_when_both_are_done(self) -> None:
        """Trap 23."""
        answers = test_front.answers()
        path = f"GET {test_front.PATH}"
        answers[path] = test_front.conversation(status="assigned", status_category=None)
        desk = connect("front", token="t0ken")
        with door.answering(FakeApi(answers)) as _:
            tell(desk, payload("front-rule-archive"))
            assert Session.objects.get().status == "open"
            assert not Survey.objects.exists()
        with door.answering(FakeApi(test_front.answers())):
            tell(desk, payload("front-rule-archive") | {"id": "evt_2example", "emitted_at": 1795172600.5})
        assert Session.objects.get().status == "closed_resolved"
        assert survey().state == "scheduled"


@pytest.mark.usefixtures("clock")
class TestSecrecy:
    def test_what_is_stored_and_logged_holds_no_token_and_the_log_no_body(self, caplog: Any) -> None:
        """Trap 24."""
        desk = connect("chatwoot", account="1", token="our api token")
        body = conversation("status_changed")
        body["contact_inbox"]["pubsub_token"] = "their pubsub token"
        broken = FakeApi({"GET /api/v1/accounts/1/conversations/4021": ZeroDivisionError()})
        with door.answering(broken):
            event = tell(desk, body)
        assert event.outcome == "failed"
        assert knock(desk, body, secret="of another").status_code == 401
        assert event.parsed["contact_inbox"]["pubsub_token"] == "[removed]"
        rows = str([*InboundEvent.objects.values(), *Connection.objects.values()])
        logged = "\n".join(written(caplog.records))
        assert "could not be applied" in logged
        assert "was refused" in logged
        for secret in ("their pubsub token", "our api token", door.SECRET, desk.opened["address"]):
            assert secret not in rows
            assert secret not in logged
        for word in ("Thanks, that works now", "ana.example@example.com", "+4915112345678"):
            assert word in rows
            assert word not in logged


LATER = datetime(2026, 12, 3, 12, tzinfo=UTC)
LABELLED = [{"label_list": {"previous_value": [], "current_value": ["vip"]}}]


def touched(kind: str) -> tuple[Any, str]:
    """The body, and the event in its header, of a tag or note that was put on a conversation weeks after its
    end.
    """
    at, stamp = LATER.timestamp(), LATER.isoformat()
    example = TOUCHED[kind]
    body, event = payload(example), ""
    if kind == "chatwoot":
        body |= {"updated_at": at, "changed_attributes": LABELLED}
    elif kind == "zammad":
        body["ticket"] |= {"updated_at": stamp}
    elif kind == "jsm":
        body["timestamp"], body["issue"]["fields"]["updated"] = int(at * 1000), stamp
        body["changelog"]["items"] = [{"field": "labels", "fromString": "", "toString": "vip"}]
    elif kind == "gorgias":
        body |= {"updated": stamp}
    elif kind == "freescout":
        body, event = body | {"updatedAt": stamp}, "convo.note.created"
    elif kind == "helpscout":
        body, event = body | {"userUpdatedAt": stamp}, "convo.tags"
    elif kind == "front":
        body |= {"type": "tag", "emitted_at": at}
    elif kind == "intercom":
        body |= {"topic": "conversation_part.tag.created", "created_at": int(at)}
        body["data"]["item"]["updated_at"] = int(at)
    elif kind == "zendesk":
        body |= {"type": "zen:event-type:ticket.tags_changed", "time": stamp}
        body["detail"]["updated_at"] = stamp
    return body, event


TOUCHED = {
    "chatwoot": "chatwoot-conversation_updated-resolved",
    "zammad": "zammad-ticket-closed",
    "jsm": "jsm-issue_updated-done",
    "gorgias": "gorgias-ticket-updated",
    "freescout": "freescout-convo.status-closed",
    "helpscout": "helpscout-convo.status",
    "front": "front-rule-archive",
    "intercom": "intercom-conversation.admin.closed",
    "zendesk": "zendesk-ticket.status_changed-solved",
}


class TestWhatEndedBefore:
    @pytest.mark.parametrize("kind", TOUCHED)
    def test_a_tag_or_note_on_what_ended_weeks_before_the_connection_asks_nobody(self, kind: str) -> None:
        """Trap 16."""
        body, event = touched(kind)
        with time_machine.travel(LATER + timedelta(seconds=5)):
            door.ask_everybody()
            headers = {"x-freescout-event": event, "x-helpscout-event": event}
            assert tell(connect(kind), body, headers).outcome == "applied"
            assert Session.objects.count() == 1
            assert not Survey.objects.exclude(state="skipped").exists()

    @pytest.mark.parametrize("kind", ["chatwoot", "zammad", "jsm", "gorgias"])
    def test_one_that_ended_just_now_is_asked_about_although_its_first_event_tells_of_a_tag(
        self, clock: Any, kind: str
    ) -> None:
        """Trap 6: the end is in the state, whatever the event is about."""
        body = payload(TOUCHED[kind])
        if kind == "chatwoot":
            body["changed_attributes"] = LABELLED
        if kind == "jsm":
            body["changelog"]["items"] = [{"field": "labels", "fromString": "", "toString": "vip"}]
        assert "resolved" in tell(connect(kind), body).text
        assert survey().state == "scheduled"


class There:
    """A Chatwoot of the stand-in's, whose webhooks wait here until somebody carries them to our door."""

    def __init__(self, server: ChatwootServer, listener: Listener) -> None:
        self.server, self.listener = server, listener
        server.knows_merge = False
        server.sender.urls.append(listener.url)
        rules = {"write_back": {"note": True, "fields": True, "tag": True}}
        self.desk = connect(
            "chatwoot",
            secret=chatwoot.SECRET,
            token=chatwoot.TOKEN,
            base_url=server.base,
            account="1",
            rules_given=rules,
        )

    def carry(self) -> int:
        """What was sent meanwhile is taken in and applied; how many requests."""
        assert self.server.settle()
        heard, self.listener.heard[:] = list(self.listener.heard), []
        for one in heard:
            signed = {name: value for name, value in one.headers.items() if name.startswith("x-chatwoot-")}
            assert knock(self.desk, one.body.encode(), signed, secret="").status_code == 200
        door.apply(self.desk)
        return len(heard)

    def sweep(self) -> int:
        return sweeping.sweep(self.desk.pk)

    def rate(self, score: int) -> None:
        """The customer does, and the time in which they may change it is over."""
        answering.answer(survey(), score=score, comment="Quick", source="api", by=API)
        Event.objects.exclude(dispatch_after=None).update(dispatch_after=timezone.now())
        dispatching.fan_out()

    def write(self) -> WriteBack:
        writing_back.write_due(self.desk.pk)
        return WriteBack.objects.get()

    def writes(self) -> int:
        return len([request for request in self.server.requests if request["method"] != "GET"])


@pytest.fixture
def there(chatwoot_server: ChatwootServer) -> Iterator[There]:
    door.ask_everybody()
    with listening() as listener:
        yield There(chatwoot_server, listener)


@pytest.fixture
def rated(there: There) -> int:
    """A conversation there that was resolved and rated; its score waits to be written."""
    there.sweep()  # finds out whose token it is
    number = there.server.start("Where is my parcel?")
    there.server.label(number, "billing", "csat_bad")
    there.server.attribute(number, plan="gold")
    there.server.agent_writes(number, "It is on its way.")
    there.server.resolve(number)
    assert there.carry()
    there.rate(4)
    return number


class TestWritingBack:
    def test_note_field_and_label_come_back_and_lead_to_nothing_in_a_hundred_rounds(
        self, there: There, rated: int
    ) -> None:
        """Trap 5."""
        assert there.write().state == "written"
        writes, told_before, rounds = there.writes(), told_of_people(), 0
        known = list(there.desk.events.values_list("pk", flat=True))
        while there.carry() and rounds < 100:
            rounds += 1
            there.write()
            there.sweep()
        assert rounds == 1, "the echoes of the first write, and none of a second"
        echoes = there.desk.events.exclude(pk__in=known).values_list("text", flat=True)
        assert set(echoes) == {"Ignored: we wrote it ourselves."}
        assert (there.writes(), told_of_people()) == (writes, told_before)
        assert len(there.server.notes(rated)) == 1
        assert Session.objects.get().status == "closed_resolved"
        assert WriteBack.objects.count() == 1

    def test_labels_and_attributes_of_others_survive(self, there: There, rated: int) -> None:
        """Trap 17: a Chatwoot that knows no `merge`."""
        there.write()
        held = there.server.conversations[rated]
        assert held["labels"] == ["billing", "csat_good"]
        assert (held["custom_attributes"]["plan"], held["custom_attributes"]["csat_score"]) == ("gold", 4)
        assert there.server.problems == []

    def test_busy_waits_as_long_as_they_ask_and_down_is_tried_again(self, there: There, rated: int) -> None:
        """Trap 18."""
        there.server.behave(Reply(429, {"error": "later"}, {"Retry-After": "1800"}))
        row = there.write()
        assert (row.state, row.attempt, row.error.startswith("429")) == ("pending", 1, True)
        assert row.next_try > timezone.now() + timedelta(minutes=29)
        WriteBack.objects.update(next_try=timezone.now())
        there.server.behave("refuse", "refuse", "refuse")
        row = there.write()
        assert (row.state, row.attempt, bool(row.error)) == ("pending", 2, True)
        there.server.waiting.clear()
        WriteBack.objects.update(next_try=timezone.now())
        assert there.write().state == "written"
        assert len(there.server.notes(rated)) == 1

    def test_a_refused_token_pauses_and_burns_no_try(self, there: There, rated: int) -> None:
        """Trap 18."""
        there.server.behave(Reply(401, {"error": "Invalid Access Token"}))
        row = there.write()
        assert (row.state, row.attempt) == ("pending", 0)
        assert "401" in there.desk.again().paused_reason
        connections.resume(there.desk.again(), by=ADA)
        assert there.write().state == "written"

    def test_a_closed_ticket_is_a_final_refusal_that_is_shown(
        self, there: There, rated: int, agent: Any
    ) -> None:
        """Trap 18."""
        there.server.behave(Reply(422, {"error": "the ticket is closed"}))
        row = there.write()
        assert (row.state, "the ticket is closed" in row.error) == ("failed", True)
        page = agent.get(f"/inbox/{row.session.uuid}/").content.decode()
        assert "Chatwoot refused the score: 422" in page


def told_of_people() -> dict[str, int]:
    kinds = (Kind.MESSAGE_RECEIVED, Kind.MESSAGE_SENT, Kind.SESSION_RESOLVED, Kind.SESSION_REOPENED)
    return {str(kind): told(kind) for kind in kinds} | {"surveys": Survey.objects.count()}


class TestSweeping:
    def test_webhooks_lost_for_an_hour_are_found_and_those_that_come_late_ask_nobody_again(
        self, there: There
    ) -> None:
        """Trap 15."""
        for number in range(5):
            there.server.resolve(there.server.start(f"Where is parcel {number}?"))
        assert there.server.settle()
        assert there.sweep() == 5
        asked = list(Survey.objects.values_list("state", "request_number"))
        assert asked == [("scheduled", 1)] * 5
        assert there.carry() >= 10
        assert there.desk.events.exclude(outcome__in=("duplicate", "ignored")).count() == 0
        assert list(Survey.objects.values_list("state", "request_number")) == asked
        assert (told(Kind.SESSION_RESOLVED), told(Kind.MESSAGE_RECEIVED)) == (5, 5)

    def test_of_hundreds_that_were_resolved_before_the_connection_nobody_is_asked(self, there: There) -> None:
        """Trap 16."""
        there.server.sender.urls.clear()
        for number in range(OLD):
            there.server.resolve(there.server.start(f"Where is parcel {number}?"))
        there.desk.change(connected_at=timezone.now())
        for number in range(1, 11):
            there.server.label(number, "vip")
        assert there.sweep() == OLD
        assert set(Session.objects.values_list("status", flat=True)) == {"closed_resolved"}
        assert set(Survey.objects.values_list("state", flat=True)) == {"skipped"}


OLD = 120
