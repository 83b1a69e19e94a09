"""docs/integrators.md, done to the letter: its commands are run, its snippets verify real calls, its example
is the answer given.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.utils import timezone
from standardwebhooks.webhooks import WebhookVerificationError

from csat.channels.outbox import SandboxMessage
from csat.sessions.models import Session
from csat.surveys.answers import answering
from csat.surveys.delivery import sending
from csat.timeline import dispatching
from csat.webhooks import attempts, signing
from csat.webhooks.models import WebhookAttempt
from tests import workers
from tests.api.conftest import machine
from tests.factories import make_contact, make_session
from tests.serving import free_port, serving
from tests.standins.listening import listening

PAGE = (workers.ROOT / "docs" / "integrators.md").read_text()
LOW = {"score": 2, "comment": "It took long"}


def snippets(language: str, under: str) -> list[str]:
    """The code blocks of one language under a heading."""
    [section] = [part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(under)]
    found = re.findall(rf"^```{language}\n(.*?)^```", section, flags=re.MULTILINE | re.DOTALL)
    assert found, f"no {language} under {under}"
    return found


def need(program: str) -> str:
    """Whoever runs bin/test has them; the others are told what was not tried."""
    path = shutil.which(program)
    return path or pytest.skip(
        f"{program} is not on this machine: its part of docs/integrators.md was not run"
    )


@pytest.mark.slow
@pytest.mark.one_database
@pytest.mark.usefixtures("shared_database")
class TestFirstSurvey:
    @pytest.fixture
    def shell(self, tmp_path: Path) -> Any:
        """A shell that goes on where the last block left it; a command that fails ends it, an answer of 400
        and more too.
        """
        (tmp_path / "curl").write_text(f'#!/bin/sh\nexec {need("curl")} -sS --fail-with-body "$@"\n')
        (tmp_path / "curl").chmod(0o755)
        with serving() as base:
            yield Shell(base, tmp_path)

    def test_its_commands_send_the_survey_and_read_the_answer(self, shell: "Shell") -> None:
        *asking, reading, gates = snippets("sh", "Your first survey")
        for block in asking:
            shell.run(block)
        session = Session.objects.get(external_id="zd-4521")
        assert session.status == "closed_resolved"
        assert sending.send_due() == 1
        assert SandboxMessage.objects.get().to == "ana@acme.example"
        answering.answer(session.survey, score=5, source="page", comment="Thanks")
        score, history = shell.run(reading)
        assert (score["score"], score["comment"]) == (5, "Thanks")
        types = [item["event"]["type"] for item in history["items"]]
        assert types == ["message", "closed_resolved_by_api", "csat_requested", "csat_submitted"]
        assert shell.run(gates)[0]["items"][0]["gates"]


class Shell:
    def __init__(self, base: str, folder: Path) -> None:
        self.base, self.folder = base, folder
        self.kept = folder / "environment"
        self.kept.touch()
        here = {"DATABASE_URL": workers.database_url(), "PATH": f"{folder}:{os.environ['PATH']}"}
        self.env = os.environ | here

    def run(self, block: str) -> list[Any]:
        """The JSON it answered, in order."""
        script = f". {self.kept}\n{block}\nexport -p > {self.kept}\n".replace(
            "http://127.0.0.1:8000", self.base
        )
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        done = subprocess.run(command, cwd=workers.ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return list(_jsons(done.stdout))


def _jsons(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder()
    while text := text.strip():
        value, end = decoder.raw_decode(text)
        text = text[end:]
        yield value


@pytest.mark.slow
@pytest.mark.usefixtures("shared_database")
def test_the_copy_is_kept_in_step_as_the_page_says() -> None:
    made, key = [str(make_contact().uuid) for _ in range(3)], machine().key
    names: dict[str, Any] = {}
    exec(snippets("python", "Keep a copy in step")[0], names)
    with serving() as base:
        found = names["changed_since"](
            "/contacts", datetime(2026, 1, 1, tzinfo=UTC), base=f"{base}/api/v1", key=key
        )
        assert [contact["id"] for contact in found] == made


@pytest.mark.django_db
def test_an_error_looks_as_the_page_shows_it() -> None:
    assert machine().post("/contacts", {"phone_number": "030 1234567"}).json() == json.loads(
        snippets("json", "Errors")[0]
    )


def endpoint_at(url: str, settings: Any) -> str:
    """Its secret."""
    settings.WEBHOOK_ALLOW = [url.removeprefix("http://").partition("/")[0]]
    api = machine()
    secret: str = api.post("/webhooks", {"url": url, "events": ["csat.score_submitted"]}).json()["secret"]
    return secret


def tell() -> None:
    """A low score, to every endpoint."""
    machine().post("/csat/scores", LOW | {"session_id": str(make_session("api").uuid)})
    dispatching.fan_out()
    attempts.call_due()


@pytest.mark.django_db
def test_a_call_is_verified_in_python_as_the_page_says(settings: Any) -> None:
    alerts: list[dict[str, Any]] = []
    with listening() as listener:
        names: dict[str, Any] = {"alert": alerts.append, "SECRET": endpoint_at(listener.url, settings)}
        exec(snippets("python", "Webhooks: verify")[0], names)
        tell()
        [call] = listener.heard
    names["hook"](call.headers, call.body.encode())
    assert [(alert["score"], alert["comment"]) for alert in alerts] == [(2, "It took long")]
    with pytest.raises(WebhookVerificationError):
        names["hook"](call.headers, call.body.replace("It took long", "It was quick").encode())


@pytest.mark.django_db
def test_a_call_is_verified_in_node_as_the_page_says(settings: Any, tmp_path: Path) -> None:
    node, port = need("node"), free_port()
    url = f"http://127.0.0.1:{port}/hook"
    secret = endpoint_at(url, settings)
    (tmp_path / "hook.mjs").write_text(snippets("js", "Webhooks: verify")[0])
    env = os.environ | {"SECRET": secret, "PORT": str(port)}
    server = subprocess.Popen(
        [node, str(tmp_path / "hook.mjs")], env=env, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert workers.wait_for(lambda: _refuses(url), seconds=30)
        tell()
        call = WebhookAttempt.objects.get()
        assert (call.state, call.status) == ("delivered", 204)
        signed = signing.headers(call, call.endpoint.signing_secrets, timezone.now())
        assert (
            requests.post(
                url, data=call.body.replace("long", "no time"), headers=signed, timeout=10
            ).status_code
            == 401
        )
        late = signing.headers(call, call.endpoint.signing_secrets, timezone.now() - timedelta(minutes=6))
        assert requests.post(url, data=call.body, headers=late, timeout=10).status_code == 401
    finally:
        workers.kill(server)
    assert server.stdout is not None
    assert server.stdout.read() == "alert It took long\n"


def _refuses(url: str) -> bool:
    """The server is there, and takes nothing unsigned."""
    try:
        return requests.post(url, data="{}", timeout=5).status_code == 401
    except requests.ConnectionError:
        return False
