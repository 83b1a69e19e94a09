"""A ninth channel is one file and two lines: they are written into a copy of the house, and everything there
goes by it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workers import ROOT

NINTH = Path(__file__).with_name("ninth")
COPIED = ("bin", "csat", "project", "static", "templates", "tests", "manage.py", "pyproject.toml")
OURS = ("DATABASE_URL", "REDIS_URL", "CSAT_VAR")  # the copy has its own


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy2(ROOT / name, tmp_path)
    return tmp_path


def write_line(file: Path, line: str, *, after: str) -> None:
    text = file.read_text()
    assert text.count(after) == 1
    file.write_text(text.replace(after, f"{after}\n{line}"))


@pytest.mark.slow
@pytest.mark.timeout(600)  # a run of pytest by itself
def test_one_file_and_two_lines_are_a_channel(copy: Path) -> None:
    channels = copy / "csat" / "channels"
    shutil.copy(NINTH / "pager.py", channels)
    shutil.copytree(NINTH / "templates", copy / "templates" / "channels" / "pager")
    write_line(
        channels / "kinds.py",
        '    PAGER = "pager", _("Pager")',
        after='    WEB_VOICE = "web_voice", _("Web Voice")',
    )
    write_line(channels / "registry.py", "    Pager(),", after="    Email(Kind.WEB_VOICE),")
    write_line(
        channels / "registry.py",
        "from csat.channels.pager import Pager",
        after="from csat.channels.no_transport import SendsNothing",
    )
    env = {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith("PYTEST_")
    }
    files = ["tests/channels/ninth/walk.py", "tests/channels/test_contract.py", "tests/house/test_brands.py"]
    words = [
        sys.executable,
        "-m",
        "pytest",
        *files,
        "-k",
        "walk or pager",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
    ]
    answer = subprocess.run(words, cwd=copy, env=env, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout
