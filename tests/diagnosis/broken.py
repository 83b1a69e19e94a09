"""An installation of its own in a folder, examined by a real `manage.py doctor`."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.workers import ROOT

KEY = "Zk3-vq9-Lw8-pT2-sB7-" * 4


class Report(NamedTuple):
    status: int
    level: str
    findings: list[dict[str, str]]

    def of(self, area: str, level: str = "error") -> list[str]:
        """What is said of this area at this level, each with what to do."""
        return [
            f"{one['text']} → {one['todo']}"
            for one in self.findings
            if (one["area"], one["level"]) == (area, level)
        ]


def run(folder: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """One command of manage.py in an environment that has nothing but what is given."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}
    given = {"CSAT_VAR": str(folder), "SECRET_KEY": KEY, "SITE_URL": "http://127.0.0.1:9"} | env
    return subprocess.run(
        [sys.executable, "manage.py", *command], cwd=ROOT, env=kept | given, capture_output=True, text=True
    )


def doctor(folder: Path, **env: str) -> Report:
    answer = run(folder, "doctor", "--json", **env)
    assert answer.returncode in (0, 1), answer.stderr
    told: dict[str, Any] = json.loads(answer.stdout)
    return Report(answer.returncode, told["level"], told["findings"])
