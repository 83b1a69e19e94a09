"""The virtual environment: made when missing, filled again only when the lock changed."""

import contextlib
import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


class CannotInstall(Exception):
    """The message is one line for the terminal."""


def ensure(lock: str) -> Path:
    """Install what `lock` names into `.venv`; return its python. Takes no time when nothing changed."""
    with _alone():
        if not PYTHON.exists():
            _make()
        stamp, wanted = VENV.resolve() / f"{lock}.sha256", _digest(lock)
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(lock)
            stamp.write_text(wanted)
    return PYTHON


def _make() -> None:
    print(f"Making {VENV.name} with Python {sys.version.split()[0]} ...", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        raise CannotInstall("Could not make .venv: on Debian, `apt-get install python3-venv` first.")


def _install(lock: str) -> None:
    """Exactly these files, wherever pip's index is: one of other content is refused."""
    print(f"Installing {lock} ...", flush=True)
    # --no-compile: a module is compiled when it is first imported
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    if subprocess.run([*pip, "--require-hashes", "-r", str(ROOT / lock)]).returncode:
        raise CannotInstall(f"pip could not install {lock}: see its words above.")


def _digest(lock: str) -> str:
    """Changes with the lock and the version of Python."""
    return hashlib.sha256((ROOT / lock).read_bytes() + sys.version.encode()).hexdigest()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One at a time: two commands started together must not both fill the environment."""
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    handle = os.open(folder / "venv.lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
