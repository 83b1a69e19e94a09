"""One person's rich life: a word of theirs planted through every door and step, and where it is kept."""

import io
import json
import zipfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.contrib.sessions.models import Session as BrowserSession
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_q.models import Task

from csat.channels import circuits
from csat.channels.base import EventType, ProviderEvent
from csat.channels.circuits import Way
from csat.connectors import applying, connections, receiving, writing_back
from csat.connectors.models import Connection
from csat.lib.outcomes import Never, Retry
from csat.lib.types import JsonObject
from csat.people.models import Contact
from csat.reports import exports, rollup
from csat.reports.filters import parse
from csat.sessions.models import Session
from csat.surveys.answers import answering, auto_reply, follow_ups, inbound
from csat.surveys.delivery import holds, receipts, scheduling, sending, staff_messages
from csat.surveys.models import Delivery
from csat.timeline import dispatching
from csat.timeline.recording import SYSTEM
from csat.webhooks import attempts, endpoints
from csat.webhooks.event_types import EVENTS
from csat.webhooks.models import Endpoint
from csat.workflows.models import Workflow
from tests.api.conftest import Machine
from tests.factories import switch_on
from tests.standins.listening import Heard, Listener
from tests.workflows.builders import block, run_until_idle, workflow

SAID = "{contact_name} {comment} {csat_link}"
WAYS = ("email", "sms", "whatsapp", "slack", "web", "api")
MAPPED = (
    "external_id", "status", "subject", "inbox", "url", "tags", "occurred_at", "contact.email",
    "contact.name", "contact.phone", "message.id", "message.sender", "message.text",
)  # fmt: skip
HTTP = {"method": "POST", "body": '{"who": "{contact_name}", "said": "{comment}"}'}


def house(listener: Listener) -> Workflow:
    """Everything is on: a webhook that is refused in its own words, and workflows with every type of step."""

    def refuse(heard: Heard) -> tuple[int, dict[str, str]]:
        listener.body = b"" if heard.path == "/good" else heard.body.encode()
        return (200 if heard.path == "/good" else 500), {"content-length": str(len(listener.body))}

    listener.answer = refuse
    endpoints.add(url=listener.url, events=EVENTS, by=SYSTEM)
    connections.add(
        kind="generic",
        base_url=listener.url.removesuffix("/hook"),
        secrets_given={"token": "token"},
        rules_given={"mapping": _mapping(), "resolved": ["done"]},
        by=SYSTEM,
    )
    switch_on()
    workflow(
        block("get_csat_score"),
        block("generate_csat_link"),
        block("note", text=SAID),
        block("notify", via="email", to="boss@acme.example", message=SAID),
        block("notify", "slack", via="slack", to="C0BOSS", message=SAID),
        block("notify", "hook", via="webhook", to=listener.url.replace("hook", "good"), message=SAID),
        block("send_message", text=SAID),
        block("branch", condition={"in": ["x", {"var": "csat.comment"}]}) | {"then": [], "else": []},
        block("add_tag", tag="seen"),
        block("assign", team="Second line"),
        block("reopen_session"),
        trigger="csat-score-submit",
    )
    workflow(block("wait", seconds=3600), block("note", "later", text=SAID), trigger="csat-score-submit")
    workflow(block("http_request", url=listener.url, **HTTP), trigger="csat-score-submit")
    return workflow(block("note", text=SAID), block("send_csat_request"), block("stop"))


def _mapping() -> JsonObject:
    """Every value by its own name; a score is written back with the comment."""
    rows = [{"to": name, "path": f"['{name}']" + "[*]" * (name == "tags")} for name in MAPPED]
    write_back = {"method": "POST", "url": "/notes", "body": {"said": "{score}: {comment}"}}
    return {"event": {"path": "event", "values": {"*": "message"}}, "rows": rows, "write_back": write_back}


class Life:
    """Of one person, whose every word contains `word`, and whose number contains `digits`."""

    def __init__(self, word: str, digits: str) -> None:
        self.word, self.digits, self.keys = word, digits, count(int(digits))
        self.phone, self.email = f"+4930{digits}", f"{word}@customer.example"

    def live(
        self, api: Machine, manager: Client, admin: Client, user: User, by_hand: Workflow, *ways: str
    ) -> None:
        self.api, self.manager, self.admin, self.user = api, manager, admin, user
        self._arrive()
        for way in ways or WAYS:
            self._converse(way, by_hand)
        sending.send_due()
        self._answer()
        self._come_from_a_help_desk()
        self._call_out()
        self._trouble()
        rollup.recount()
        for format in ("csv", "xlsx"):
            exports.run(exports.start(user, parse({"from": "2020-01-01", "to": "2030-01-01"}), [], format).pk)

    @property
    def contact(self) -> Contact:
        return Contact.objects.get(email=self.email)

    def post(self, path: str, body: Any, *statuses: int) -> Any:
        key = str(next(self.keys))
        for _repeated in range(2):
            answer = self.api.post(path, body, Idempotency_Key=key)
            assert answer.status_code in (statuses or (201,)), answer.content
        return answer.json()

    def _details(self, **more: Any) -> dict[str, Any]:
        data = {"who": self.word, "deep": [{"er": self.word}]}
        return {"name": f"{self.word} Berg", "email": self.email, "custom_data": data, **more}

    def _arrive(self) -> None:
        old = self._details(email=f"{self.word}-old@customer.example", external_id=f"crm-{self.word}")
        made = self.post("/contacts", old | {"phone_number": self.phone})
        self.post("/contacts", {"email": f"{self.word} at nowhere"}, 422)
        session = self._start("email", external_id=f"first-{self.word}")
        scheduling.request(session, origin="manual", by=SYSTEM)
        sending.send_due()
        page = f"/admin/csat/contact/{session.contact_id}/change/"
        form = {"name": f"{self.word} Renamed", "email": self.email, "phone": self.phone, "language": "de"}
        more = {"external_id": f"crm-{self.word}", "timezone": "", "custom_data": f'{{"x": "{self.word}"}}'}
        assert self.admin.post(page, form | more).status_code == 302
        suppressed = {"medium": "email", "address": f"{self.word}-old@customer.example"}
        assert self.admin.post("/admin/csat/suppression/add/", suppressed).status_code == 302
        assert str(self.contact.uuid) == made["id"]

    def _start(self, way: str, **details: Any) -> Session:
        channel = {"type": way, "subject": f"Of {self.word}"}
        if way == "slack":
            channel |= {"slack_channel": f"C{self.word}", "thread_ts": f"1700.{self.word}"[:40]}
        if way == "email":
            channel |= {"email_message_id": f"<{self.word}@mail.example>"}
        body = {
            "channel": channel,
            "contact_id": str(Contact.objects.get(external_id=f"crm-{self.word}").uuid),
            "tags": ["billing", f"{self.word} again"],
            "sentiment": f"{self.word[:7]} cross",
            "custom_data": {"order": self.word},
            **details,
        }
        self.post("/chat/sessions", body, 201, 200)
        return Session.objects.latest("pk")

    def _converse(self, way: str, by_hand: Workflow) -> None:
        session = self._start(way, external_id=f"{way}-{self.word}")
        path = f"/chat/sessions/{session.uuid}"
        for sender in ("contact", "agent"):
            self.post(f"{path}/send", {"sender": sender, "message": f"{sender}: {self.word}"})
        about = {"summary": f"About {self.word}", "sentiment": f"{self.word[:7]} cross"}
        self.post(f"{path}/handoff", about | {"reasons": ["insufficient_tools"]})
        changed = {"subject": f"Now of {self.word}", "custom_data": {"more": self.word}}
        assert self.api.patch(path, changed).status_code == 200
        inbox = f"/inbox/{session.uuid}"
        for verb, fields in {
            "note": {"text": f"Note of {self.word}"},
            "tag": {"tags": f"{self.word}-typed"},
            "reply": {"text": f"Dear {self.word}"},
        }.items():
            assert self.manager.post(f"{inbox}/{verb}/", fields).status_code in (200, 302), verb
        if way == "email":
            self.post(f"/workflows/{by_hand.uuid}/run", {"session_id": str(session.uuid)}, 202)
        self.post("/csat/links", {"session_id": str(session.uuid)})
        if way == "web":
            self.post(f"{path}/widget-token", {})
        request = {"session_id": str(session.uuid), "message": f"Dear {self.word}", "force": True}
        self.post("/csat/requests", request, 202)

    def _answer(self) -> None:
        for delivery in Delivery.objects.filter(survey__contact=self.contact).order_by("pk"):
            session = delivery.survey.session
            if delivery.medium in ("email", "sms", "whatsapp"):
                self._reply(delivery, f"1 {self.word} was cross")
            elif delivery.medium == "slack":
                pressed = {"user_name": f"{self.word} Berg"}
                answering.answer(
                    delivery.survey, score=2, source="slack", comment=self.word, provenance=pressed
                )
                follow_ups.save_note(session, self.user, f"Called {self.word}")
                follow_ups.say_what_was_done(session, self.user, f"We called {self.word}")
                staff_messages.write(session, f"Hello {self.word}", by=self.user)
                staff_messages.send_due()
            else:
                comment = {"score": 1, "comment": f"Bad for {self.word}"}
                self.post("/csat/scores", comment | {"session_id": str(session.uuid)}, 200, 201)
        items = [
            {"external_id": f"bulk-{self.word}", "contact": {"email": self.email}, "subject": self.word},
            # kept without its detail, as a conversation of nobody: so nothing of the detail may be kept
            {"external_id": f"bulk2-{self.digits[::-1]}", "contact": {"email": f"{self.word} at nowhere"}},
        ]
        self.post("/chat/sessions/bulk", {"items": items}, 200)

    def _come_from_a_help_desk(self) -> None:
        desk = Connection.objects.get()
        body = {
            "external_id": f"there-{self.word}", "status": f"seen by {self.word}", "event": f"of {self.word}",
            "subject": self.word, "inbox": f"in {self.word}", "url": f"https://desk.example/{self.word}",
            "tags": [self.word], "occurred_at": timezone.now().isoformat(), "contact.email": self.email,
            "contact.name": f"{self.word} Berg", "contact.phone": self.phone, "message.id": f"m-{self.word}",
            "message.sender": "contact", "message.text": f"Hello from {self.word}",
        }  # fmt: skip
        said = json.dumps(body).encode()
        assert receiving.receive("generic", desk.opened["address"], {}, said, "").status == 200
        applying.apply_due(desk.pk, seconds=2)
        session = Session.objects.latest("pk")
        score = {"session_id": str(session.uuid), "score": 2, "comment": f"Cross {self.word}"}
        self.post("/csat/scores", score, 200, 201)
        dispatching.fan_out()
        writing_back.write_due(desk.pk)

    def _reply(self, delivery: Delivery, text: str) -> None:
        event = ProviderEvent(
            EventType.REPLIED, medium=delivery.medium, address=delivery.address, text=text, user=self.word,
            user_name=self.word, thread=(str(delivery.uuid),), event_id=f"{text}{delivery.pk}",
        )  # fmt: skip
        result = inbound.handle(event)
        if result and result.event_id:
            auto_reply.send_auto_reply(result.event_id)

    def _call_out(self) -> None:
        run_until_idle()
        for _again in range(2):
            Endpoint.objects.update(next_try=timezone.now())
            attempts.call_due()

    def _trouble(self) -> None:
        """Providers, colleagues and the queue quote people."""
        said = f"550 <{self.email}> is unknown"
        sent = Delivery.objects.filter(survey__contact=self.contact, medium="email", state="sent")
        last = sent.filter(failed_at=None, delivered_at=None).latest("pk")
        bounce = ProviderEvent(
            EventType.BOUNCED, reference=str(last.uuid), medium="email", address=self.email, text=said
        )
        receipts.apply(bounce)
        circuits.note(
            Way("email", f"esp-{self.digits[-4:]}"),
            [(self.email, Retry(f"450 <{self.email}> later", outage=True))],
        )
        holds.stop("sms", Never(f"Nobody may write to {self.phone}", account=True))
        now = timezone.now()
        Task.objects.create(
            id=uuid4().hex, name="t", func="csat.tasks.send_due", started=now, stopped=now,
            success=False, result=f"ValueError: {self.word}",
        )  # fmt: skip


def places(words: tuple[str, ...], folder: Path) -> set[str]:
    """Every column of every table, and every file, that holds one of these words."""
    return {place for place, text in _everything(folder) if any(word in text for word in words)}


def _everything(folder: Path) -> Iterator[tuple[str, str]]:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, value in zip(columns, row, strict=True):
                    if isinstance(value, bytes | memoryview):  # a file
                        value = bytes(value).decode(errors="replace")
                    yield f"{table}.{name}", str(value).lower()
    for task in Task.objects.all():  # pickled
        yield "django_q_task.result", str(task.result).lower()
    for browser in BrowserSession.objects.all():  # packed
        yield "django_session.session_data", str(browser.get_decoded()).lower()
    for path in folder.rglob("*"):
        if path.is_file():
            yield f"file {path.suffix}", f"{path} {_unpacked(path)}".lower()


def _unpacked(path: Path) -> str:
    content = path.read_bytes()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"".join(archive.read(name) for name in archive.namelist())
    return content.decode(errors="replace")
