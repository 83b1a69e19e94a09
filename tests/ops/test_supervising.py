"""The supervisor: the dead are started again, the sleepers too, and at the end nothing is left."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workers import ROOT, wait_for

sys.path.insert(0, str(ROOT / "bin"))
from ops import supervising
from ops.supervising import Service, Supervisor


@pytest.fixture
def supervise(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Supervisor]:
    monkeypatch.setattr(supervising, "MIN_UPTIME", 0.0)

    def make(program: str, ages: dict[str, float] | None = None) -> Supervisor:
        return Supervisor(
            [Service("worker", [sys.executable, "-c", program])], env={}, ages=lambda: ages or {}, stale=0.2
        )

    return make


def test_a_dead_service_is_started_again(supervise: Callable[..., Supervisor]) -> None:
    with supervise("import time; time.sleep(60)") as supervisor:
        first = supervisor.services[0].process
        assert first
        first.kill()
        assert wait_for(lambda: first.poll() is not None)
        supervisor.restart_the_dead()
        second = supervisor.services[0].process
        assert second
        assert second.pid != first.pid
        assert second.poll() is None
    assert second.poll() is not None


def test_a_service_that_fell_silent_is_started_again(supervise: Callable[..., Supervisor]) -> None:
    ages = {"worker": 0.1}
    with supervise("import time; time.sleep(60)", ages) as supervisor:
        time.sleep(0.3)
        first = supervisor.services[0].process
        supervisor.restart_the_asleep()
        assert supervisor.services[0].process is first
        ages["worker"] = 99.0
        supervisor.restart_the_asleep()
        assert supervisor.services[0].process is not first


def test_a_service_just_started_is_given_time(supervise: Callable[..., Supervisor]) -> None:
    with supervise("import time; time.sleep(60)", {"worker": 99.0}) as supervisor:
        first = supervisor.services[0].process
        supervisor.restart_the_asleep()
        assert supervisor.services[0].process is first


def test_children_of_a_dead_service_do_not_live_on(
    supervise: Callable[..., Supervisor], tmp_path: Path
) -> None:
    note = tmp_path / "pid"
    program = "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); "
    program += f"open({str(note)!r}, 'w').write(str(p.pid))"
    with supervise(program) as supervisor:
        assert wait_for(lambda: note.exists() and note.read_text())
        orphan = int(note.read_text())
        process = supervisor.services[0].process
        assert process
        process.wait(10)
        supervisor.restart_the_dead()
        assert wait_for(
            lambda: (
                not Path(f"/proc/{orphan}").exists()
                or "Z" in Path(f"/proc/{orphan}/stat").read_text().split()[2]
            )
        )


def test_a_service_that_ignores_the_request_is_ended(supervise: Callable[..., Supervisor]) -> None:
    program = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    program += "print(flush=True); time.sleep(60)"
    supervisor = supervise(program)
    supervisor.__enter__()
    process = supervisor.services[0].process
    assert process
    time.sleep(0.3)
    supervising.processes.stop(process, seconds=0.5)
    assert process.returncode == -9
