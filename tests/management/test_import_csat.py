"""manage.py import_csat FILE --from KIND [--dry-run]"""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from csat.connectors import connections
from csat.imports.models import Import
from csat.sessions.models import Session
from csat.surveys.models import Score
from csat.timeline.recording import SYSTEM
from tests.imports.conftest import CHATWOOT_IN_GERMAN

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def run(tmp_path: Path, text: str, *arguments: str) -> str:
    path, out = tmp_path / "past.csv", StringIO()
    path.write_text(text)
    call_command("import_csat", str(path), *arguments, stdout=out)
    return out.getvalue()


def test_a_file_is_imported_and_its_counts_are_told(tmp_path):
    out = run(tmp_path, CHATWOOT_IN_GERMAN, "--from", "chatwoot")
    assert "2 new, 0 updated, 0 unchanged, 0 refused" in out
    assert "Scale: 1 to 5" in out
    assert Score.objects.count() == 2


def test_a_dry_run_stores_nothing_and_keeps_no_file(tmp_path):
    assert "2 new" in run(tmp_path, CHATWOOT_IN_GERMAN, "--from", "chatwoot", "--dry-run")
    assert not Score.objects.exists()
    assert (Import.objects.get().state, Import.objects.get().file.name) == ("cancelled", "")


def test_columns_scale_and_a_file_for_the_refused_rows(tmp_path):
    rejects = tmp_path / "refused.csv"
    run(
        tmp_path, "a,b\n2026-01-02,9\n2026-01-03,x\n",
        "--from", "generic", "--column", "when=a", "--column", "score=2", "--scale", "ten",
        "--rejects", str(rejects),
    )  # fmt: skip
    assert Score.objects.get().score == 5
    assert "2026-01-03,x," in rejects.read_text()


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("", ["--from", "generic"]),
        ("a,b\n1,2\n", ["--from", "generic"]),
        ("a,b\n1,2\n", ["--from", "fax"]),
        ("a,b\n1,2\n", ["--from", "generic", "--column", "when"]),
    ],
)
def test_what_cannot_be_imported_is_an_error_in_one_line(tmp_path, text, arguments):
    with pytest.raises(CommandError):
        run(tmp_path, text, *arguments)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_csat", str(tmp_path / "none.csv"), "--from", "generic")


def test_a_file_of_a_connection_has_its_conversations(tmp_path):
    connection = connections.add(kind="chatwoot", base_url="https://93.184.216.34", by=SYSTEM)
    run(tmp_path, CHATWOOT_IN_GERMAN, "--from", "chatwoot", "--connection", str(connection.uuid))
    assert Session.objects.filter(external_id__startswith=f"{connection.uuid}:").count() == 2
    with pytest.raises(CommandError, match="there is no such connection"):
        run(tmp_path, CHATWOOT_IN_GERMAN, "--from", "chatwoot", "--connection", "nonsense")
