"""All that other people's programs and bookmarks rely on, in one file, so that before and after can be
compared.

    .venv/bin/python -m tests.house.surface FILE

It asks through the doors alone (HTTP, jobs, commands, tables), so that it runs unchanged on any version of
the house: copy it into the other checkout, run it in both, `diff` the two files. Ids, times and secrets are
placeholders. It takes some seconds.
"""

import ast
import io
import json
import logging
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import django
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, call_command, get_commands, load_command_class
from django.db import connection
from django.test import Client
from django.test.utils import override_settings, setup_test_environment
from django.urls import get_resolver
from django.utils import timezone
from twilio.request_validator import RequestValidator

from tests.web.pages import rate

ROOT = Path(__file__).parents[2]
ENDPOINT = "127.0.0.1:9"
CHANNELS = ("api", "email", "phone_voice", "slack", "sms", "web", "web_voice", "whatsapp")
EVENTS = (
    "connection.paused", "contact.erased", "conversation.agent_response", "conversation.ai_response",
    "conversation.closed",
    "conversation.contact_response", "conversation.handoff_to_human", "conversation.started",
    "csat.comment_withdrawn", "csat.delivery_failed", "csat.reopened_by_customer",
    "csat.requested", "csat.score_submitted", "workflow.run.failed", "workflow.run.succeeded",
)  # fmt: skip
PLACEHOLDERS = (
    (r"csat_live_\w+|whsec_[\w+/=]+", "<secret>"),
    (r"/r/[0-9A-Za-z]{20,}", "/r/<token>"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "<time>"),
    (r"\b[0-9a-f]{32}\b|\bsandbox-[\w-]+", "<reference>"),
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def describe() -> dict[str, Any]:
    """Everything by section. Needs an empty database in which it may write."""
    story = Story()
    settings_at_first = story.get("/csat/settings")
    story.happen()
    return {
        "settings": settings_at_first,
        "openapi": openapi(),
        "webhook bodies": story.webhook_bodies(),
        "api answers": story.api_answers(),
        "screens": story.screens(),
        "csv header": story.csv_header(),
        "addresses": sorted(addresses()),
        "choices": choices(),
        "environment": environment(),
        "commands": commands(),
        "jobs": jobs(),
        "tables": tables(),
    }


class Story:
    """A few conversations, told through the API, that make every webhook event happen."""

    def __init__(self) -> None:
        key = io.StringIO()
        call_command("apikey", "surface", stdout=key)
        self.client = Client(headers={"Authorization": f"Bearer {key.getvalue().strip()}"})

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(f"/api/v1{path}", query)
        assert answer.status_code == 200, (path, answer.content)
        return answer.json()

    def send(self, path: str, body: Any = None, *, method: str = "post") -> Any:
        answer = getattr(self.client, method)(f"/api/v1{path}", body, content_type="application/json")
        assert answer.status_code < 300, (path, answer.content)
        return answer.json() if answer.content else None

    def happen(self) -> None:
        self.send("/webhooks", {"url": f"http://{ENDPOINT}/hook", "events": EVENTS})
        self._workflow("Tag", {"id": "tag", "type": "add_tag", "params": {"tag": "vip"}})
        self._workflow(
            "Assign", {"id": "assign", "type": "assign", "params": {"agent": "nobody@acme.example"}}
        )
        toggles = {channel: {"enabled": True} for channel in CHANNELS}
        self.send(
            "/csat/settings", {"auto_send": True, "ask_about": True, "channels": toggles}, method="patch"
        )
        self.rated = self._rated_by_email()
        self.failed = self._undeliverable_text_message()
        self._asked_by_api()
        self._erased()
        self._work_off()

    def _workflow(self, name: str, block: dict[str, Any]) -> None:
        body = {"name": name, "trigger_type": "ticket-handoff", "workflow_blocks": [block]}
        workflow = self.send("/workflows", body)
        self.send(f"/workflows/{workflow['id']}/activate")

    def _session(self, channel: str, number: int, **contact: str) -> str:
        body = {
            "external_id": f"zd-{number}",
            "channel": {"type": channel, "subject": "Refund"},
            "contact": {"name": "Ana Souza", "custom_data": {"plan": "gold"}} | contact,
            "assignee": {"name": "Sam", "email": "sam@acme.example"},
            "tags": ["refund"],
        }
        session = self.send("/chat/sessions", body)["id"]
        self.send(f"/chat/sessions/{session}/send", {"sender": "contact", "message": "Where is my refund?"})
        return str(session)

    def _resolve(self, session: str) -> None:
        from csat import tasks

        self.send(f"/chat/sessions/{session}", {"status": "closed_resolved"}, method="patch")
        tasks.send_due()

    def _rated_by_email(self) -> str:
        session = self._session("email", 1, email="ana@customer.example")
        reasons = {"reasons": ["insufficient_tools"], "summary": "Wants a refund", "sentiment": "negative"}
        self.send(f"/chat/sessions/{session}/handoff", reasons)
        self.send(f"/chat/sessions/{session}/send", {"sender": "ai", "message": "I am here."})
        self.send(f"/chat/sessions/{session}/send", {"sender": "agent", "message": "It is on its way."})
        self._resolve(session)
        link = self.send("/csat/links", {"session_id": session})["url"]
        rate(Client(), link, 2, comment="Too slow", about="help")
        self.send("/csat/scores", {"session_id": session, "score": 4, "source": "email"})
        return session

    def _undeliverable_text_message(self) -> str:
        session = self._session("sms", 2, phone="+4930123456")
        self._resolve(session)
        [request] = self.get("/csat/requests", session_id=session)["items"]
        [delivery] = self.get(f"/csat/requests/{request['id']}")["deliveries"]
        fields = {"MessageSid": delivery["provider_id"], "To": delivery["address"]}
        fields |= {"MessageStatus": "failed", "ErrorCode": "30005"}
        assert callback("/callbacks/twilio/status", fields).status_code == 204
        return session

    def _asked_by_api(self) -> None:
        self._resolve(self._session("api", 3, email="ben@customer.example"))
        closed = self._session("web", 4, email="cleo@customer.example")
        self.send(f"/chat/sessions/{closed}", {"status": "closed_unresolved"}, method="patch")

    def _erased(self) -> None:
        contact = self.send("/contacts", {"email": "dora@customer.example", "name": "Dora"})["id"]
        self.send(f"/contacts/{contact}", method="delete")

    def _work_off(self) -> None:
        """Fan-out and workflows, an hour later, when nothing is held back any more."""
        from csat import tasks

        with time_machine.travel(timezone.now() + timedelta(hours=1), tick=True):
            while tasks.fan_out() + tasks.run_due():
                pass

    def webhook_bodies(self) -> dict[str, Any]:
        """The bodies as queued, in their order, under the name of the event."""
        bodies: dict[str, Any] = {event: [] for event in EVENTS}
        with connection.cursor() as cursor:
            cursor.execute("SELECT type, body FROM csat_call ORDER BY type, id")
            for event, body in cursor.fetchall():
                bodies.setdefault(event, []).append(without_ids(json.loads(body)))
        return bodies

    def api_answers(self) -> dict[str, Any]:
        [request] = self.get("/csat/requests", session_id=self.failed)["items"]
        answers = {
            "session": self.get(f"/chat/sessions/{self.rated}"),
            "history": self.get(f"/chat/sessions/{self.rated}/history"),
            "score": self.get(f"/csat/scores/session/{self.rated}"),
            "request": self.get(f"/csat/requests/{request['id']}"),
            "report": self.get("/csat/report", group_by="channel"),
            "workflows": self.get("/workflows"),
            "webhooks": self.get("/webhooks"),
            "contacts": self.get("/contacts"),
            "handoffs": self.get("/handoff-analytics/events"),
        }
        return {name: without_ids(answer) for name, answer in answers.items()}

    def _admin(self) -> Any:
        users = get_user_model().objects
        user = users.filter(username="ada").first() or users.create_superuser(
            "ada", "ada@acme.example", "pass"
        )
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def screens(self) -> dict[str, str]:
        """What an administrator gets at each address that names no row."""
        client = self._admin()
        answers = {}
        for address in sorted({address.partition("  ")[0] for address in addresses()}):
            if not re.search(r"[<(?]", address) and not address.startswith(("/admin/", "/api/", "/logout")):
                answer = client.get(address)
                answers[address] = f"{answer.status_code} {answer.headers.get('Location', '')}".strip()
        return answers

    def csv_header(self) -> str:
        answer = self._admin().post("/reports/export/now/")
        first, _rest = b"".join(answer.streaming_content).split(b"\r\n", 1)
        return str(first.decode())


def callback(path: str, fields: dict[str, str]) -> Any:
    signature = RequestValidator("twilio-token").compute_signature(f"{settings.SITE_URL}{path}", fields)
    with override_settings(TWILIO_AUTH_TOKEN="twilio-token"):
        client = Client(headers={"X-Twilio-Signature": signature})
        return client.post(path, urlencode(fields), content_type="application/x-www-form-urlencoded")


def without_ids(value: Any) -> Any:
    """Ids are numbered in the order in which they appear, so that equal ones stay equal."""
    text = json.dumps(value, ensure_ascii=False)
    for pattern, placeholder in PLACEHOLDERS:
        text = re.sub(pattern, placeholder, text)
    numbers: dict[str, int] = {}
    return json.loads(UUID.sub(lambda match: f"<id {numbers.setdefault(match[0], len(numbers) + 1)}>", text))


def openapi() -> Any:
    from drf_spectacular.generators import SchemaGenerator

    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))


def addresses(patterns: Iterable[Any] | None = None, prefix: str = "/") -> Iterator[str]:
    """Every route with its name."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, route)
        else:
            yield f"{route}  {pattern.name or ''}".rstrip()


def choices() -> dict[str, list[str]]:
    """What a column may hold: the timeline's kinds, the states, the channels."""
    return {
        f"{model._meta.db_table}.{field.column}": sorted(str(value) for value, _label in field.flatchoices)
        for model in sorted(apps.get_app_config("csat").get_models(), key=lambda model: model._meta.db_table)
        for field in model._meta.concrete_fields
        if field.choices
    }


def environment() -> list[str]:
    """The variables that project/ reads by name."""
    names = set()
    for path in (ROOT / "project").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.args[0].value
                reads = re.fullmatch(r"(env|os\.environ|os)\.\w+", ast.unparse(node.func))
                if reads and re.fullmatch(r"[A-Z][A-Z0-9_]+", str(name)):
                    names.add(name)
    return sorted(names)


def commands() -> dict[str, list[str]]:
    """The commands of ours with their own arguments."""

    def arguments(command: BaseCommand) -> set[str]:
        return {
            " ".join(action.option_strings) or action.dest
            for action in command.create_parser("", "")._actions
        }

    usual = arguments(BaseCommand())
    ours = sorted(name for name, app in get_commands().items() if app == "csat")
    return {name: sorted(arguments(load_command_class("csat", name)) - usual) for name in ours}


def jobs() -> list[str]:
    """Their names are stored with queued tasks."""
    from csat import tasks

    here = tasks.__name__
    return sorted(name for name, value in vars(tasks).items() if getattr(value, "__module__", "") == here)


def tables() -> dict[str, Any]:
    """As they stand in the database, columns and constraints in the order of their names."""
    with connection.cursor() as cursor:
        names = [name for name in connection.introspection.table_names(cursor) if name.startswith("csat_")]
        return {name: _table(cursor, name) for name in sorted(names)}


def _table(cursor: Any, name: str) -> dict[str, Any]:
    columns = {}
    introspection = connection.introspection
    for column in sorted(introspection.get_table_description(cursor, name), key=lambda column: column.name):
        kind = str(introspection.get_field_type(column.type_code, column))
        length = f"({column.display_size})" if kind == "CharField" and column.display_size else ""
        default = "" if column.default is None else f" default {column.default}"
        columns[column.name] = f"{kind}{length}{' null' if column.null_ok else ''}{default}"
    constraints = []
    for label, found in introspection.get_constraints(cursor, name).items():
        kinds = [kind for kind in ("primary_key", "unique", "foreign_key", "check", "index") if found[kind]]
        own_name = "" if label.startswith(("__", "fk_")) else label  # others are numbered by SQLite
        constraint = [own_name, *kinds, found["columns"], found["foreign_key"]]
        constraints.append(" ".join(str(part) for part in constraint if part))
    return {"columns": columns, "constraints": sorted(constraints)}


def main(path: str) -> None:
    import pytest  # noqa: F401 (its presence tells the settings that this is no installation)

    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"CSAT_VAR": folder, "DATABASE_URL": "sqlite:///:memory:"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
        django.setup()
        logging.disable()
        setup_test_environment()
        connection.creation.create_test_db(verbosity=0)
        with override_settings(WEBHOOK_ALLOW=[ENDPOINT], RATE_LIMITS=False):
            Path(path).write_text(json.dumps(describe(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
