"""The test command: every part runs and is timed; a part that fails or cannot run fails the whole."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ops import npm, packages, processes, servers, venv

# The developer's own settings, for a real installation perhaps, must not reach the tests.
SETTINGS = {
    "DATABASE_URL",
    "DATABASE_REPLICA_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "LINK_KEY",
    "SECRETS_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "SITE_URL",
    "TRUSTED_PROXIES",
    "HOST",
    "PORT",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "WEBHOOK_ALLOW",
    "CONNECT_ALLOW",
    "WIDGET_ORIGINS",
    "Q_WORKERS",
    "RATE_LIMITS",
    "LOG_LEVEL",
    "METRICS_TOKEN",
}
PROVIDERS = ("ANYMAIL_", "TWILIO_", "SLACK_", "SENTRY_", "CSAT_", "DJANGO_")
NO_TESTS_SELECTED = 5  # pytest's exit code
SIDE_BY_SIDE = ("-n", "2", "--dist")


@dataclass
class Part:
    name: str
    ok: bool
    seconds: float
    words: str = ""

    def __str__(self) -> str:
        result = "ok" if self.ok else "FAILED"
        return f"  {result:<7} {self.seconds:7.1f} s  {self.name}  {self.words}".rstrip()


class Run:
    """One run of the test command: its parts so far."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.parts: list[Part] = []
        self.closing: list[tuple[bool, str]] = []  # of each pytest run: whether it passed, its last line

    def step(self, name: str, work: Callable[[], object]) -> bool:
        """Do `work`, which fails by an exception."""
        began = time.monotonic()
        try:
            work()
        except (venv.CannotInstall, packages.Missing, servers.DidNotStart) as error:
            return self._add_part(name, False, began, str(error))
        return self._add_part(name, True, began)

    def command(self, name: str, *words: str, env: Mapping[str, str]) -> bool:
        """Run a checker; its output is shown only when it fails."""
        began = time.monotonic()
        code, output = _run(list(words), env=env, show=False)
        return self._add_checker(name, code, output, began)

    @contextlib.contextmanager
    def beside(self, name: str, *words: str, env: Mapping[str, str]) -> Iterator[None]:
        """Run a checker while something else is done that leaves a processor free."""
        began = time.monotonic()
        with tempfile.TemporaryFile("w+") as out:
            process = processes.start(list(words), env=env, out=out)
            try:
                yield
                code = process.wait()
            finally:
                processes.stop(process)
            out.seek(0)
            self._add_checker(name, code, out.read(), began)

    def _add_checker(self, name: str, code: int, output: str, began: float) -> bool:
        if code:
            print(output, flush=True)
        return self._add_part(name, code == 0, began)

    def tests(
        self, name: str, marks: str, *options: str, env: Mapping[str, str], files: Sequence[str] = ()
    ) -> bool:
        """`files`: where the tests with these marks are, so that pytest need not import all the others."""
        print(f"\n--- {name}", flush=True)
        began = time.monotonic()
        code, output = _run(
            [_tool("pytest"), "-m", marks, *options, *(self.arguments or files)], env=env, show=True
        )
        last = next((line for line in reversed(output.splitlines()) if " in " in line), "no closing line")
        ok = code == 0 or (code == NO_TESTS_SELECTED and bool(self.arguments))
        self.closing.append((ok, last))
        return self._add_part(name, ok, began, last.strip("= "))

    def _add_part(self, name: str, ok: bool, began: float, words: str = "") -> bool:
        self.parts.append(Part(name, ok, time.monotonic() - began, words))
        print(self.parts[-1], flush=True)
        return ok

    def close(self) -> int:
        """Print the table of parts, then the last line of the first pytest run that failed,
        or of the last."""
        failed = [part.name for part in self.parts if not part.ok]
        print("\n" + "\n".join(map(str, self.parts)))
        print(f"FAILED: {', '.join(failed)}" if failed else "every part passed", flush=True)
        if self.closing:
            print(next((line for ok, line in self.closing if not ok), self.closing[-1][1]), flush=True)
        return 1 if failed else 0


def main(arguments: list[str]) -> int:
    if {"-h", "--help"} & set(arguments):
        print("bin/test [pytest arguments]: linters, types and all tests, on SQLite and PostgreSQL + Redis.")
        print("For example: bin/test -k resolv -x")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    run = Run(arguments)
    with tempfile.TemporaryDirectory(prefix="csat-var-") as var:
        try:
            _all_parts(run, _clean_environment(var))
        except KeyboardInterrupt:
            print("\ninterrupted: everything started is stopped")
            return 130
    return run.close()


def _all_parts(run: Run, env: dict[str, str]) -> None:
    if not _prepared(run):
        return
    _checks(run, env)
    real = servers.Servers()
    there = run.step("PostgreSQL and Redis", real.__enter__)
    try:
        with run.beside("mypy", _tool("mypy"), env=env):  # real workers mostly wait
            if there:
                env_of_real = env | {"DATABASE_URL": real.database_url, "REDIS_URL": real.redis_url}
                name, files = "tests with real workers on PostgreSQL and Redis", _files_with("mark.cluster")
                run.tests(name, "cluster", *SIDE_BY_SIDE, "loadfile", env=env_of_real, files=files)
        run.tests(
            "tests on SQLite",
            "not postgres and not redis and not cluster",
            *SIDE_BY_SIDE,
            "worksteal",
            env=env,
        )
        if there:
            marks = "not browser and not cluster and not clients"
            run.tests(
                "tests on PostgreSQL and Redis",
                marks,
                *SIDE_BY_SIDE,
                "worksteal",
                "--only-database",
                env=env_of_real,
            )
    finally:
        if there:
            real.__exit__()


def _prepared(run: Run) -> bool:
    """Both download, so they run side by side. Without Debian and npm packages most tests can still run."""
    with ThreadPoolExecutor() as pool:
        installed = pool.submit(_packages, run)
        ready = run.step("environment (requirements-dev.lock)", lambda: venv.ensure("requirements-dev.lock"))
        installed.result()
    return ready


def _packages(run: Run) -> None:
    run.step("Debian packages", packages.ensure)
    run.step("npm packages (tests/node)", npm.install)


def _checks(run: Run, env: Mapping[str, str]) -> None:
    python = str(venv.PYTHON)
    templates = [
        str(path) for path in sorted((venv.ROOT / "templates").rglob("*")) if path.suffix in (".html", ".txt")
    ]
    if (venv.ROOT / "csat/management/commands/compile_translations.py").exists():
        run.command("translations compile", python, "manage.py", "compile_translations", env=env)
    run.command("ruff check", _tool("ruff"), "check", "--no-cache", ".", env=env)
    run.command("ruff format", _tool("ruff"), "format", "--no-cache", "--check", ".", env=env)
    run.command(
        "djade (templates)", _tool("djade"), "--check", "--target-version", "5.2", *templates, env=env
    )
    run.command("import contracts", _tool("lint-imports"), "--no-cache", env=env)
    run.command("migrations complete", python, "manage.py", "makemigrations", "--check", "--dry-run", env=env)


def _files_with(word: str) -> list[str]:
    return [
        str(path) for path in sorted((venv.ROOT / "tests").rglob("test_*.py")) if word in path.read_text()
    ]


def _clean_environment(var: str) -> dict[str, str]:
    env = {
        name: value
        for name, value in os.environ.items()
        if name.removesuffix("_FILE") not in SETTINGS and not name.startswith(PROVIDERS)
    }
    return env | {"CSAT_VAR": var, "PYTHONUNBUFFERED": "1"}


def _tool(name: str) -> str:
    return str(venv.VENV / "bin" / name)


def _run(command: list[str], *, env: Mapping[str, str], show: bool) -> tuple[int, str]:
    process = processes.start(command, env=env, out=subprocess.PIPE)
    lines = []
    try:
        for line in process.stdout or ():
            lines.append(line)
            if show:
                sys.stdout.write(line)
                sys.stdout.flush()
        return process.wait(), "".join(lines)
    finally:
        processes.stop(process)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
