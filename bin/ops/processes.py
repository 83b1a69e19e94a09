"""Child processes in groups of their own, so that stopping one stops everything it started."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import IO, Any

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    """Linux: when the parent is killed, the child gets SIGTERM."""
    with contextlib.suppress(AttributeError):
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    out: int | IO[Any] | None = None,
    user: str | None = None,
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        command,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT if out is not None else None,
        text=True,
        start_new_session=True,
        preexec_fn=_die_with_parent,
        user=user,
    )


def stop(
    *processes: "subprocess.Popen[str]", seconds: float = 8, using: signal.Signals = signal.SIGTERM
) -> None:
    """Signal all of them, wait, then kill what is left of each group. Returns when every group is empty."""
    for process in processes:
        _signal(process, using)
    until = time.monotonic() + seconds
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    while any(group_lives(process) for process in processes) and time.monotonic() < until:
        time.sleep(0.05)
    for process in processes:
        kill_group(process)
        process.wait()


def _signal(process: "subprocess.Popen[str]", using: signal.Signals) -> None:
    """Signal the leader, which stops its own children in order; if it is dead, signal its orphans."""
    if process.poll() is None:
        process.send_signal(using)
    else:
        _signal_group(process, using)


def kill_group(process: "subprocess.Popen[str]") -> None:
    _signal_group(process, signal.SIGKILL)


def group_lives(process: "subprocess.Popen[str]") -> bool:
    return _signal_group(process, 0)


def _signal_group(process: "subprocess.Popen[str]", number: int) -> bool:
    try:
        os.killpg(process.pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
