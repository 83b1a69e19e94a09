"""The virtual environment: made when missing, filled again only when the requirements changed."""

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
    """One line for the person at the terminal."""


def ensure(requirements: str) -> Path:
    """Make `.venv` hold what `requirements` lists; the path of its python. Takes no time when nothing changed."""
    with _alone():
        if not PYTHON.exists():
            _make()
        stamp, wanted = VENV.resolve() / f"{requirements}.sha256", _digest(requirements)
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(requirements)
            stamp.write_text(wanted)
    return PYTHON


def _make() -> None:
    print(f"Making {VENV.name} with Python {sys.version.split()[0]} ...", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", str(VENV)]).returncode:
        raise CannotInstall("Could not make .venv: on Debian, `apt-get install python3-venv` first.")


def _install(requirements: str) -> None:
    print(f"Installing {requirements} ...", flush=True)
    # no cache of bytecode now: what is imported gets compiled when it is imported
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "-r",
        str(ROOT / requirements),
    ]
    if subprocess.run(command).returncode:
        raise CannotInstall(f"pip could not install {requirements}: see its words above.")


def _digest(requirements: str) -> str:
    """Changes with any of the files read and with the Python that reads them."""
    names = {requirements, "requirements.txt"}
    content = b"".join((ROOT / name).read_bytes() for name in sorted(names))
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two commands started together do not both fill the environment."""
    place = ROOT / "var"
    place.mkdir(exist_ok=True)
    handle = os.open(place / "venv.lock", os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
