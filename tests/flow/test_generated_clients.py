"""Clients that two generators make of the published schema call every operation of a live server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.contrib.auth.models import User

from csat.people import keys
from tests.serving import serving
from tests.standins.listening import Listener
from tests.subscriptions.rated import make_view
from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))
from ops import npm

pytestmark = [
    pytest.mark.clients,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("shared_database"),
]
SOURCES = ROOT / "tests" / "clients"


@pytest.fixture
def base(listener: Listener, manager_user: User) -> Iterator[str]:
    """A server where somebody has saved a report."""
    make_view(manager_user)
    environment = {"WEBHOOK_ALLOW": listener.address, "CONNECT_ALLOW": listener.address}
    environment |= {"RATE_LIMITS": "off", "SECRET_KEY": settings.SECRET_KEY}
    with serving(**environment) as address:
        yield address


@pytest.fixture
def schema(base: str, tmp_path: Path) -> Any:
    """The schema as the server publishes it, also in a file."""
    answer = requests.get(f"{base}/api/v1/schema/", headers={"Accept": "application/json"}, timeout=60)
    (tmp_path / "schema.json").write_text(answer.text)
    return answer.json()


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """What it prints; its errors are the test's."""
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=os.environ | env, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout


def key() -> str:
    return keys.create("Generated", scopes=keys.SCOPES)[1]


def test_openapi_python_client(base: str, schema: Any, tmp_path: Path, listener: Listener) -> None:
    """openapi-generators/openapi-python-client#1405, tfranzel/drf-spectacular#235: it died of a null."""
    (tmp_path / "config.json").write_text('{"post_hooks": []}')
    generate = ("generate", "--path", "schema.json", "--output-path", "csat_client", "--meta", "none")
    run(sys.executable, "-m", "openapi_python_client", *generate, "--config", "config.json", cwd=tmp_path)
    calls = (SOURCES / "calls.py", base, key(), listener.url)
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    called = json.loads(run(sys.executable, *calls, cwd=tmp_path, PYTHONPATH=path))
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    assert called == sorted(operation["operationId"] for operation in operations)


def test_openapi_typescript(base: str, schema: Any, tmp_path: Path, listener: Listener) -> None:
    """openapi-ts/openapi-typescript#1741: what has a default was required; nulls were missing."""
    (tmp_path / "node_modules").symlink_to(npm.install())
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "calls.ts").write_text((SOURCES / "calls.ts").read_text())
    tools = tmp_path / "node_modules"
    run("node", tools / "openapi-typescript/bin/cli.js", "schema.json", "-o", "schema.d.ts", cwd=tmp_path)
    strict = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext", "--types", "node")
    run("node", tools / "typescript/bin/tsc", *strict, "calls.ts", cwd=tmp_path)
    called = json.loads(run("node", "calls.js", base, key(), listener.url, cwd=tmp_path))
    assert called == sorted(
        f"{method} {path}" for path, methods in schema["paths"].items() for method in methods
    )
