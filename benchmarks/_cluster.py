"""One real `manage.py qcluster`, and the processor time of its parts.

django-q2 forks main → sentinel → workers, then the monitor, then the pusher; a worker that is replaced later
comes after these. Times are seconds of user and system together, to the kernel's tick of 10 ms.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

WORKERS = 2
TICK = os.sysconf("SC_CLK_TCK")
STARTING, STOPPING = 60, 15  # seconds at most


class Used(NamedTuple):
    """Processor seconds so far; `children` those of children that have ended."""

    own: float
    children: float


def used(pid: int) -> Used:
    """Nothing for a process that is gone."""
    with contextlib.suppress(OSError):
        fields = _stat(pid)
        return Used((int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK)
    return Used(0, 0)


def children(pid: int) -> list[int]:
    """In the order they were started."""
    pids = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return sorted(pids, key=lambda child: (_began(child), child))


def parent(pid: int) -> int:
    return int(_stat(pid)[1])


class Cluster:
    """Started on entry, when all of its processes are there; stopped in order on exit."""

    def __init__(self, tree: Path, env: Mapping[str, str]) -> None:
        self.tree, self.env = tree, {**env, "Q_WORKERS": str(WORKERS)}

    def __enter__(self) -> "Cluster":
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "qcluster"],
            cwd=self.tree,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
        try:
            self.sentinel, self.helpers = self._parts()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        pids = _family(self.process.pid)
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(STOPPING)
        except subprocess.TimeoutExpired:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def workers(self) -> float:
        """Processor seconds of the workers, those included that have ended."""
        pids = [pid for pid in children(self.sentinel) if pid not in self.helpers]
        return sum(sum(used(pid)) for pid in pids) + used(self.sentinel).children

    def rest(self) -> float:
        """Processor seconds of the main process, the sentinel, the monitor and the pusher."""
        return sum(used(pid).own for pid in (self.process.pid, self.sentinel, *self.helpers))

    def _parts(self) -> tuple[int, set[int]]:
        """The sentinel; the monitor and the pusher."""
        until = time.monotonic() + STARTING
        while time.monotonic() < until and self.process.poll() is None:
            for sentinel in children(self.process.pid):
                parts = children(sentinel)
                if len(parts) == WORKERS + 2:
                    return sentinel, set(parts[WORKERS:])
            time.sleep(0.05)
        raise RuntimeError("the cluster did not start")


def _family(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [pid, *(one for child in children(pid) for one in _family(child))]
    return []


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat after the name: [1] is its parent, [11] to [14] its ticks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _began(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(_stat(pid)[19])
    return 0
