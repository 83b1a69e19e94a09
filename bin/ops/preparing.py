"""Run by the environment's Python before the start: database, translations, static files, demo data; prints the logins."""

import contextlib
import io
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[0] = str(ROOT)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from project.environment import Misunderstood  # noqa: E402


def main(*, demo: bool) -> None:
    django.setup()
    with contextlib.redirect_stdout(sys.stderr):
        call_command("migrate", verbosity=0)
        call_command("compile_translations", verbosity=0, stdout=io.StringIO())
        _collect_static()
    from csat.management.commands.demo import Command as Demo

    if demo and Demo.nothing_here():
        print("Filling the empty database with a demo ...", file=sys.stderr, flush=True)
        call_command("demo", verbosity=0)
    print(Demo.logins())


def _collect_static() -> None:
    """Only when a file of ours or a package changed since the last time."""
    stamp, seen = Path(settings.STATIC_ROOT).with_suffix(".stamp"), _fingerprint()
    if stamp.exists() and stamp.read_text() == seen:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(seen)


def _fingerprint() -> str:
    files = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    ours = [f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in files]
    return "\n".join([*ours, (ROOT / "requirements.txt").read_text()])


if __name__ == "__main__":
    try:
        main(demo="--no-demo" not in sys.argv)
    except Misunderstood as trouble:
        sys.exit(str(trouble))
