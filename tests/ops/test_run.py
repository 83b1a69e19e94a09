"""bin/run on a copy of the repository: starts, prints its address, restarts what dies, stops cleanly."""

import contextlib
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers import ROOT, wait_for

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.timeout(240)]
LEFT_OUT = shutil.ignore_patterns(
    ".venv", "var", ".git", ".*_cache", "node_modules", "__pycache__", "tests", "screenshots"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy without data; the environment is shared, for installing it is pip's business."""
    copy = tmp_path_factory.mktemp("house") / "csat"
    shutil.copytree(ROOT, copy, ignore=LEFT_OUT, symlinks=True)
    (copy / ".venv").symlink_to((ROOT / ".venv").resolve())
    return copy


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One bin/run: its address, its words, its processes."""

    def __init__(self, house: Path, port: int, *options: str) -> None:
        self.url, self.log = f"http://127.0.0.1:{port}", house / f"run-{port}.log"
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "REDIS_URL", "CSAT_VAR")
        }
        with self.log.open("w") as log:
            command = [sys.executable, "bin/run", *options]
            self.process = subprocess.Popen(
                command,
                cwd=house,
                env=environment | {"PORT": str(port)},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def words(self) -> str:
        return self.log.read_text()

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return int(answer.status)
        except OSError:
            return 0

    def ready(self) -> bool:
        return (
            wait_for(lambda: "Ctrl-C stops" in self.words() or self.process.poll() is not None, seconds=90)
            and self.process.poll() is None
        )

    def children(self) -> dict[int, str]:
        """Every process that descends from it, with its command line."""
        parents, found = _parents(), {self.process.pid: "bin/run"}
        for _ in range(5):
            found |= {pid: command for pid, (parent, command) in parents.items() if parent in found}
        return {pid: command for pid, command in found.items() if pid != self.process.pid}


def _parents() -> dict[int, tuple[int, str]]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = int(re.search(r"PPid:\s+(\d+)", (folder / "status").read_text())[1])  # type: ignore[index]
            found[int(folder.name)] = parent, (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


@contextlib.contextmanager
def running(house: Path, *options: str) -> Iterator[Running]:
    it = Running(house, free_port(), *options)
    try:
        yield it
    finally:
        if it.process.poll() is None:
            it.process.send_signal(signal.SIGTERM)
        it.process.wait(30)


def test_the_first_start_shows_a_page_and_logins_and_stops_without_a_trace(house: Path) -> None:
    with running(house) as it:
        assert it.ready(), it.words()
        assert it.get("/login/") == 200
        assert it.get("/health/ready") == 200
        for login in ("login: sam / ", "login: maria / ", "login: ada / ", it.url):
            assert login in it.words()
        assert wait_for(
            lambda: sum("manage.py workers" in command for command in it.children().values()) >= 8
        )
        children = it.children()
        it.process.send_signal(signal.SIGTERM)
        assert it.process.wait(20) == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]
    assert it.words().rstrip().endswith("Stopped.")


def test_a_second_start_keeps_the_data(house: Path) -> None:
    with sqlite3.connect(house / "var" / "csat.sqlite3") as database:
        before = database.execute("SELECT count(*), max(id) FROM csat_session").fetchone()
    with running(house) as it:
        assert it.ready(), it.words()
        with sqlite3.connect(house / "var" / "csat.sqlite3") as database:
            assert database.execute("SELECT count(*), max(id) FROM csat_session").fetchone() == before


def test_what_dies_is_started_again(house: Path) -> None:
    with running(house) as it:
        assert it.ready(), it.words()
        clusters = [pid for pid, command in it.children().items() if command.rstrip().endswith("workers")]
        leader = min(clusters)
        os.kill(leader, signal.SIGKILL)
        assert wait_for(lambda: "workers ended with -9; starting it again" in it.words())
        assert wait_for(
            lambda: not [pid for pid in clusters if Path(f"/proc/{pid}/cmdline").exists()]
        )  # no orphan works on
        assert wait_for(
            lambda: sum(command.rstrip().endswith("workers") for command in it.children().values()) >= 4
        )
        assert it.get("/login/") == 200


def test_a_taken_port_is_one_clear_line(house: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        it = Running(house, other.getsockname()[1])
        assert it.process.wait(20) == 1
    assert it.words().count("\n") == 1
    assert "the port is taken" in it.words()


def test_without_the_demo_nobody_is_there(house: Path) -> None:
    shutil.rmtree(house / "var")
    with running(house, "--no-demo") as it:
        assert it.ready(), it.words()
        assert "/welcome/?code=" in it.words()
        with sqlite3.connect(house / "var" / "csat.sqlite3") as database:
            assert database.execute("SELECT count(*) FROM csat_session").fetchone() == (0,)


def test_an_old_python_is_one_clear_line(house: Path) -> None:
    for name in ("run", "test", "bench"):
        source = (
            (house / "bin" / name)
            .read_text()
            .replace("sys.version_info < (3, 11)", "sys.version_info < (99,)")
        )
        answer = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)
        assert answer.returncode == 1
        assert re.fullmatch(rf"bin/{name} needs Python 3.11 or newer; this is \d+\.\d+\.\n", answer.stderr)


def test_help_starts_nothing_and_names_what_there_is() -> None:
    for command, word in {
        "bin/run": "--no-demo",
        "bin/bench": "dashboard",
        "bin/test": "pytest arguments",
    }.items():
        answer = subprocess.run(
            [sys.executable, command, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert (answer.returncode, word in answer.stdout) == (0, True), command


def test_a_measurement_there_is_not_is_told_before_anything_starts() -> None:
    answer = subprocess.run(
        [sys.executable, "bin/bench", "nonsense"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 2
    assert "there is no nonsense; choose from asking, connect" in answer.stderr
