"""Another revision of this repository in a temporary folder."""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ops import venv


class NoRevision(Exception):
    """The message is one line for the terminal."""


def commit(revision: str = "HEAD") -> str:
    """Its short hash. Raises NoRevision for a name that git does not know."""
    try:
        return _git(
            "rev-parse", "--short", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
        )
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        raise NoRevision(f"git knows no revision {revision} here") from error


def is_changed() -> bool:
    """Whether tracked files differ from HEAD."""
    return bool(_git("status", "--porcelain", "--untracked-files=no"))


@contextlib.contextmanager
def checked_out(revision: str) -> Iterator[Path]:
    """A git worktree of the revision; removed afterwards with everything in it."""
    with tempfile.TemporaryDirectory(prefix="csat-before-") as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(tree), revision)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*arguments: str) -> str:
    result = subprocess.run(["git", *arguments], cwd=venv.ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return result.stdout.strip()
