"""The npm packages of the tests, exactly those of tests/node/package-lock.json."""

import hashlib
import shutil
import subprocess
from pathlib import Path

from ops.venv import ROOT, CannotInstall

FOLDER = ROOT / "tests" / "node"


def install() -> Path:
    """Fill tests/node/node_modules; takes no time when nothing changed."""
    stamp, wanted = FOLDER / "node_modules" / ".lock.sha256", _digest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print("Installing the npm packages of tests/node ...", flush=True)
        npm = [shutil.which("npm") or "", "ci", "--silent"]
        if not npm[0] or subprocess.run(npm, cwd=FOLDER, stdin=subprocess.DEVNULL).returncode:
            raise CannotInstall("npm could not install tests/node: see its words above.")
        stamp.write_text(wanted)
    return stamp.parent


def _digest() -> str:
    return hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
