"""What is kept on disk is for nobody else on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.workers import ROOT

SAYS = "import os; print(oct(os.umask(0)))"


@pytest.mark.parametrize(
    "command",
    [["manage.py", "shell", "--no-imports", "-c", SAYS], ["-c", f"import project.wsgi; {SAYS}"]],
    ids=["manage.py", "wsgi"],
)
def test_every_process_that_writes_there_closes_what_it_makes(command: list[str], tmp_path: Path) -> None:
    var = tmp_path / "new" / "var"
    answer = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"CSAT_VAR": str(var), "SECRET_KEY": "x" * 50},
        capture_output=True,
        text=True,
        umask=0o022,
    )
    assert answer.stdout.strip() == "0o77", answer.stderr
    assert var.stat().st_mode & 0o777 == 0o700


def test_the_run_command_does_so_for_all_that_it_starts() -> None:
    assert "os.umask(0o077)" in (ROOT / "bin" / "run").read_text()


def test_an_uploaded_logo_is_no_exception() -> None:
    assert (settings.FILE_UPLOAD_PERMISSIONS, settings.FILE_UPLOAD_DIRECTORY_PERMISSIONS) == (0o600, 0o700)
