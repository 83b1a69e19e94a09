"""The house is in order: migrations, jobs, schedules, templates, the policy of every page."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.core.management import call_command
from django.template.loader import get_template
from django.test import Client
from django.utils.module_loading import import_string
from django_q.models import Schedule

from csat.jobs import Job
from csat.schedules import SCHEDULES, keep_schedules
from tests.workers import ROOT

TEMPLATES = ROOT / "templates"
PAGES = sorted(
    str(path.relative_to(TEMPLATES))
    for path in TEMPLATES.rglob("*")
    if path.suffix in (".html", ".txt", ".svg", ".xml")
)
MAILS = ("channels/email/", "channels/web_voice/", "digests/mail")  # a mail client has no stylesheet of ours
INLINE = {
    "style element": re.compile(r"<style\b", re.I),
    "style attribute": re.compile(r"\sstyle\s*=", re.I),
    "script without src": re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.I),
    "event attribute": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.I),
    "javascript address": re.compile(r"javascript:", re.I),
}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("job", Job)
def test_every_job_leads_to_a_task(job: Job) -> None:
    task = import_string(job.value)
    assert callable(task)
    assert task.__module__ == "csat.tasks"


@pytest.mark.django_db
def test_schedules_are_made_once_and_brought_back_to_what_is_written() -> None:
    keep_schedules()
    before = list(Schedule.objects.order_by("pk").values())
    assert {row["name"] for row in before} == {name for name, *_ in SCHEDULES}
    Schedule.objects.update(func="os.remove", args="('/',)")
    keep_schedules()
    assert list(Schedule.objects.order_by("pk").values()) == before


@pytest.mark.django_db
def test_every_schedule_runs_in_the_cluster_that_does_such_work() -> None:
    keep_schedules()
    for row in Schedule.objects.all():
        assert row.cluster == ("outward" if Job(row.func).cluster == "outward" else None)
        assert row.repeats == -1


@pytest.mark.parametrize("name", PAGES)
def test_every_template_compiles(name: str) -> None:
    get_template(name)


@pytest.mark.parametrize(
    "name", [name for name in PAGES if name.endswith((".html", ".svg")) and not name.startswith(MAILS)]
)
def test_no_page_carries_script_or_style_in_itself(name: str) -> None:
    source = re.sub(r"\{#.*?#\}|\{% comment.*?endcomment %\}", "", (TEMPLATES / name).read_text(), flags=re.S)
    assert [what for what, pattern in INLINE.items() if pattern.search(source)] == []


@pytest.mark.parametrize(("what", "source"), [
    ("style element", "<style>"), ("style attribute", '<p style="x">'), ("script without src",
    "<script>x</script>"),
    ("event attribute", '<a onclick="x">'), ("javascript address", '<a href="javascript:x">'),
])  # fmt: skip
def test_what_the_policy_forbids_would_be_seen(what: str, source: str) -> None:
    assert INLINE[what].search(source)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/login/",
        "/r/nobodyknowsthistoken12345",
        "/u/nobodyknowsthistoken12345",
        "/no/such/page",
        "/admin/login/",
    ],
)
def test_every_page_is_under_the_strict_policy(client: Client, address: str) -> None:
    policy = client.get(address).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_templates_ask_nobody_outside() -> None:
    """No address of another host in a page, but the names of XML namespaces."""
    for name in PAGES:
        if name.endswith(".html") and not name.startswith(MAILS):
            source = (Path(TEMPLATES) / name).read_text()
            assert not re.findall(r"(?:src|href)=\"(?:https?:)?//[^\"]+", source), name


def test_templates_are_formatted() -> None:
    """`.venv/bin/djade --target-version 5.2 $(git ls-files 'templates/*.html' 'templates/*.txt')` does it."""
    pages = [str(path) for path in sorted(TEMPLATES.rglob("*")) if path.suffix in (".html", ".txt")]
    djade = Path(sys.executable).with_name("djade")
    answer = subprocess.run(
        [djade, "--check", "--target-version", "5.2", *pages], capture_output=True, text=True
    )
    assert answer.returncode == 0, f"run: .venv/bin/djade --target-version 5.2 <these>\n{answer.stderr}"


# Django, zoneinfo and openpyxl import them where there is a database, a zone or a workbook to read
BY_NAME = {"psycopg", "tzdata", "defusedxml"}


def test_every_library_that_is_required_is_used() -> None:
    """One that runs is imported by us or named in the settings."""
    files = [path for folder in ("csat", "project", "bin/ops") for path in (ROOT / folder).rglob("*.py")]
    source = "\n".join(path.read_text() for path in files)
    wanted = {re.split(r"[=<>\[]", line)[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    modules: dict[str, list[str]] = {name: [] for name in wanted}
    for module, owners in packages_distributions().items():
        for owner in owners:
            modules.setdefault(owner.lower().replace("_", "-"), []).append(module)
    unused = {
        name for name in wanted if not any(re.search(rf"\b{module}\b", source) for module in modules[name])
    }
    assert unused == BY_NAME


def test_a_name_has_one_path() -> None:
    """No module hands on what another one defines; `csat.models` lists the tables, because Django looks for
    them there.
    """
    pattern = re.compile(r"^__all__|import (\w+) as \1$", re.M)
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "csat").rglob("*.py")
        if pattern.search(path.read_text())
    }
    assert found <= {"csat/models.py", "csat/surveys/scale.py"}


def test_one_module_reads_where_a_request_comes_from() -> None:
    """Limits, logins, keys and the audit log all ask csat/lib/client_address.py."""
    pattern = re.compile(r"REMOTE_ADDR|X_FORWARDED_FOR")
    readers = {
        str(path.relative_to(ROOT))
        for folder in ("csat", "project")
        for path in (ROOT / folder).rglob("*.py")
        if pattern.search(path.read_text())
    }
    assert readers == {
        "csat/lib/client_address.py",
        "csat/diagnosis/site.py",
    }  # the doctor counts the proxies
