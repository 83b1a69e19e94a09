"""Before the start: secret key, database, translations, static files, demo data. Prints how to get in.

bin/run runs it as a module, with the environment's Python.
"""

import contextlib
import io
import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command

from project.environment import Misunderstood

ROOT = Path(__file__).resolve().parents[2]


def main(*, demo: bool) -> None:
    from project import secret_key  # it creates var/, which may raise Misunderstood

    secret_key.make()
    if secret_key.VAR_DIR == ROOT / "var":  # which a former version left open
        secret_key.VAR_DIR.chmod(0o700)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    with contextlib.redirect_stdout(sys.stderr):
        call_command("migrate", verbosity=0)
        call_command("compile_translations", verbosity=0, stdout=io.StringIO())
        _collect_static()
    from csat.management.commands.demo import Command as Demo

    if demo and Demo.nothing_here():
        print("Filling the empty database with a demo ...", file=sys.stderr, flush=True)
        call_command("demo", verbosity=0)
    print(Demo.way_in())


def _collect_static() -> None:
    """Only when one of our files or requirements.lock changed since the last time."""
    stamp, fingerprint = Path(settings.STATIC_ROOT).with_suffix(".stamp"), _fingerprint()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(fingerprint)


def _fingerprint() -> str:
    files = sorted(path for path in (ROOT / "static").rglob("*") if path.is_file())
    ours = [f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}" for path in files]
    return "\n".join([*ours, (ROOT / "requirements.lock").read_text()])


if __name__ == "__main__":
    try:
        main(demo="--no-demo" not in sys.argv)
    except Misunderstood as trouble:
        sys.exit(str(trouble))
