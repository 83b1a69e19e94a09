"""What the measurements share: a year of conversations, a logged-in browser, a web server, the output."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
ANSWERED = 0.8  # of the conversations of a filled year: four in five have a rating
LARGE = 2_000_000  # ratings from which a year has only what reports read: no messages, no deliveries
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
sys.path.insert(0, str(ROOT))


def say(
    what: str,
    ours: float,
    limit: float | None,
    unit: str,
    goal: str = "",
    *,
    more_is_better: bool = False,
    before: float | None = None,
) -> None:
    """Print one figure; `before`: the same of another revision, measured in the same run."""
    figure = {
        "what": what,
        "ours": ours,
        "limit": limit,
        "unit": unit,
        "goal": goal,
        "lower_is_better": not more_is_better,
        "before": before,
    }
    print(json.dumps(figure), flush=True)


def say_by_size(what: str, found: dict[int, float], unit: str, goal: str = "") -> None:
    """Print the same figure as measured with so many ratings in the database."""
    print(json.dumps({"what": what, "sizes": found, "unit": unit, "goal": goal}), flush=True)


def sizes(name: str, default: str) -> list[int]:
    """Whole numbers from the environment: BENCH_SCORES=10000,5000000."""
    return [int(text) for text in os.environ.get(name, default).split(",")]


def use_database(name: str) -> None:
    """Everything from here on speaks to this database of the same server."""
    os.environ["DATABASE_URL"] = re.sub(r"/[^/]*$", f"/{name}", os.environ["DATABASE_URL"])


def use_year(scores: int) -> None:
    """Use a database with a year of that many ratings; later measurements of this size share it.

    Call it before Django is set up. A measurement that writes must delete what it wrote.
    """
    name = f"{os.environ.get('BENCH_PREFIX', 'bench')}_year_{scores}"
    there = subprocess.run(
        ["psql", "-Atc", f"SELECT 1 FROM pg_database WHERE datname = '{name}'", _server()], **_TEXT
    ).stdout.strip()
    if not there:
        subprocess.run(["psql", "-qc", f'CREATE DATABASE "{name}"', _server()], check=True)
    use_database(name)
    if not there:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, check=True)
        subprocess.run([sys.executable, __file__, str(scores)], cwd=ROOT, check=True)


@contextlib.contextmanager
def copy_of_year(scores: int, name: str) -> Iterator[None]:
    """Use a copy of that year's database, for what writes more than it can delete; it goes afterwards."""
    use_year(scores)
    year = urlsplit(os.environ["DATABASE_URL"]).path.strip("/")
    subprocess.run(["psql", "-qc", f'CREATE DATABASE "{name}" TEMPLATE "{year}"', _server()], check=True)
    use_database(name)
    try:
        yield
    finally:
        subprocess.run(["psql", "-qc", f'DROP DATABASE "{name}" WITH (FORCE)', _server()], check=True)


def again(script: str, **environment: str) -> None:
    """Run this measurement in a process of its own."""
    subprocess.run([sys.executable, script], cwd=ROOT, env=os.environ | environment, check=True)


def set_up() -> None:
    import django
    from django.conf import settings

    django.setup()
    settings.ALLOWED_HOSTS = ["*"]
    _alone()


def browser(role: str = "manager") -> Any:
    """Somebody with this role, logged in."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    user, _new = User.objects.get_or_create(username=f"bench-{role}")
    user.groups.set(Group.objects.filter(name=role))
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def known() -> dict[str, str]:
    """An agent, a team, a customer's address and a ticket's number, as pages are asked for them."""
    from csat.people.models import Agent, Contact, Team
    from csat.sessions.models import Session

    agent, team = Agent.objects.filter(kind="human").first(), Team.objects.first()
    contact, session = Contact.objects.last(), Session.objects.last()
    assert agent
    assert team
    assert contact
    assert session
    return {
        "agent": str(agent.uuid),
        "team": team.name,
        "email": contact.email,
        "ticket": str(session.pk - 5000),
    }


def key(*scopes: str) -> dict[str, str]:
    """Headers of a machine with these scopes."""
    from csat.people import keys

    _row, secret = keys.create("bench", scopes=scopes)
    return {"Authorization": f"Bearer {secret}"}


def seconds(call: Callable[[], Any], times: int = 7) -> float:
    """The median of several calls after a first one that only warms up."""
    call()
    return statistics.median(_once(call) for _ in range(times))


def fetched(client: Any, path: str, times: int = 7, **more: Any) -> float:
    """Milliseconds of server time for this page, warm, the median of several."""

    def fetch() -> None:
        answer = client.get(path, **more)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"

    fetch()
    return statistics.median(worked(fetch) for _ in range(times)) * 1000


def worked(call: Callable[[], Any]) -> float:
    """Processor seconds of this process and its database connection, so that other processes do not count.

    Where the kernel does not report them: the time that passed.
    """
    before = time.process_time(), _database()
    took = _once(call)
    after = _database()
    return took if after is None or before[1] is None else time.process_time() - before[0] + after - before[1]


def _alone() -> None:
    """The database works in one process for us, so that `worked` sees all of it."""
    from django.db import connection

    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")


def _database() -> float | None:
    from django.db import connection

    connection.ensure_connection()
    if connection.vendor == "sqlite":
        return 0.0  # it works in this process
    try:
        return (
            int(Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text().split()[0])
            / 1e9
        )
    except OSError:
        return None


def _once(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


class Web:
    """The web server as bin/run starts it, one worker, on a free port."""

    def __init__(self, process: "subprocess.Popen[bytes]", site: str) -> None:
        self.process, self.site = process, site

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.site).netloc, timeout=600)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        stats = [Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split() for one in self._family()]
        return sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICK

    def memory(self) -> float:
        """MB now."""
        pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in self._family()]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 1e6

    def _family(self) -> list[int]:
        return with_children(self.process.pid)


@contextlib.contextmanager
def web(application: str = "project.wsgi:application", **environment: str) -> Iterator[Web]:
    site = f"http://127.0.0.1:{_free_port()}"
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        "127.0.0.1",
        "--port",
        site.rpartition(":")[2],
    ]
    command += [
        "--workers",
        "1",
        "--blocking-threads",
        "4",
        "--no-ws",
        "--log-level",
        "warning",
        application,
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"SITE_URL": site} | environment, stdout=sys.stderr
    )
    server = Web(process, site)
    try:
        _until_it_answers(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _until_it_answers(server: Web) -> None:
    for _ in range(300):
        with contextlib.suppress(OSError):
            connection = server.connect()
            connection.request("GET", "/health/live")
            return connection.getresponse().close()
        time.sleep(0.2)
    raise RuntimeError("the server does not answer")


def with_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in with_children(int(child)))]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _server() -> str:
    """The database server's own database, for making others."""
    return os.environ.get("PG_LIMIT_URL") or re.sub(r"/[^/]*$", "/postgres", os.environ["DATABASE_URL"])


def _fill(scores: int) -> None:
    set_up()
    from csat.management.commands.demo import count_reports
    from csat.management.demo import year
    from csat.management.demo.cast import gather

    began = time.monotonic()
    year.fill(round(scores / ANSWERED), gather(), answered=ANSWERED, whole=scores < LARGE)
    read_comments()
    count_reports()
    vacuum()
    print(f"a year with {scores:,} ratings made in {time.monotonic() - began:.0f} s", file=sys.stderr)


def read_comments() -> None:
    """Give all ratings the themes of their comments, as the worker would one by one: a year has few texts."""
    from django.db import connection, transaction
    from django.utils import timezone

    from csat.lib.languages import normalize
    from csat.surveys.models import Score
    from csat.themes import vocabulary
    from csat.themes.models import Recount

    words = vocabulary.current()
    texts = (
        Score.objects.exclude(comment="")
        .order_by()
        .values_list("comment", "session__language", "score")
        .distinct()
    )
    themes = [
        (comment, language, score, theme)
        for comment, language, score in texts
        for theme in words.themes(comment, normalize(language), score)
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        columns = "comment text, language text, score smallint, theme bigint"
        cursor.execute(f"CREATE TEMP TABLE said ({columns}) ON COMMIT DROP")
        cursor.executemany("INSERT INTO said VALUES (%s, %s, %s, %s)", themes)
        cursor.execute(
            "INSERT INTO csat_scoretheme (score_id, theme_id)"
            " SELECT csat_score.id, theme FROM csat_score JOIN csat_session ON csat_session.id = session_id"
            " JOIN said ON said.comment = csat_score.comment AND said.language = csat_session.language"
            " AND said.score = csat_score.score"
        )
    Recount.objects.filter(pk=1).update(finished_at=timezone.now())


def vacuum() -> None:
    """As autovacuum leaves tables that have been there for a while, so that it does not come meanwhile."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


_TEXT: Any = {"capture_output": True, "text": True, "check": True}

if __name__ == "__main__":
    _fill(int(sys.argv[1]))
