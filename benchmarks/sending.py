"""Surveys accepted by the provider, two workers in one real cluster: how many a second, and what each costs.

The limit is the same message over bare kept connections from two processes. With BENCH_BEFORE (a folder with
a checkout; `bin/bench sending --before REV` makes it) each measurement runs on both revisions in turn. Uses
nothing of what sends: rows, the API, `manage.py qcluster`, stand-in providers. benchmarks/README.md explains
each figure.
"""

import itertools
import os
import signal
import statistics
import sys
import time
from collections import defaultdict
from typing import NamedTuple

import _bare
import _common as bench
from _cluster import Cluster
from _postgres import Postgres, connect
from _provider import Provider, check_once
from _sides import AFTER, BEFORE, POSTGRESQL, ROLE, SQLITE, Side, sides

SURVEYS = int(os.environ.get("BENCH_SURVEYS", "500"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1"))
CHANNELS = os.environ.get("BENCH_CHANNELS", "email,sms,slack,single").split(",")
SINGLE = "single"  # among the channels: mails one by one
DATABASES = os.environ.get("BENCH_DATABASES", f"{POSTGRESQL},{SQLITE}").split(",")
WAVES, WAVE = 4, 10  # surveys that warm the workers, one task a wave, so that each worker has some
SINGLES, EVERY, IDLE = 60, 0.3, 5  # single sends; seconds from one to the next; seconds of idleness before
LATER, CAP = 3600, 30  # seconds until a survey is due that was not released; days of the contact cap
RUNS = itertools.count(1)
UNITS = {"accepted, two workers": "/s", "statements": "a survey", "commits that wrote": "a survey"}
Figures = dict[str, float]


class Case(NamedTuple):
    database: str
    channel: str
    cap: bool

    @property
    def label(self) -> str:
        return f"{self.channel}, cap {'on' if self.cap else 'off'}, {self.database}"


class Reading(NamedTuple):
    """Processor seconds and statements so far, and where PostgreSQL's log stands; zeros on SQLite."""

    workers: float
    rest: float
    postgres: float = 0
    statements: int = 0
    position: str = ""


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that everything started is stopped
    with (
        Provider() as provider,
        connect(os.environ["PG_LIMIT_URL"]) as postgres,
        sides("sending", "_surveys.py", DATABASES, postgres, provider.env) as all_sides,
    ):
        postgres.role(ROLE)
        for case in _cases():
            here = [side for side in all_sides if side.database == case.database]
            _measure(case, here, provider, postgres)
        if SINGLE in CHANNELS and POSTGRESQL in DATABASES:
            here = [side for side in all_sides if side.database == POSTGRESQL]
            _measure_singles(here, provider, postgres)


def _cases() -> list[Case]:
    """Each channel with the cap on and off on each database; on SQLite the cap is switched for mail only."""
    every = itertools.product(DATABASES, [one for one in CHANNELS if one != SINGLE], (True, False))
    return [Case(*one) for one in every if one[0] == POSTGRESQL or one[1] == "email" or one[2]]


def _measure(case: Case, here: list[Side], provider: Provider, postgres: Postgres) -> None:
    """`before` and `after` in turn, the order reversed from round to round, then the limit."""
    found: dict[str, list[Figures]] = defaultdict(list)
    for number in range(ROUNDS):
        for side in here if number % 2 == 0 else reversed(here):
            found[side.name].append(_run(case, side, provider, postgres))
    rate, cpu = _bare.limit(provider, smtp=case.channel == "email", count=max(SURVEYS, 1000))
    limits = {"accepted, two workers": rate, "CPU in all": cpu}
    _report(case.label, found, limits)


def _run(case: Case, side: Side, provider: Provider, postgres: Postgres) -> Figures:
    """Prepared while no worker runs; released all at once to workers that are warm and idle."""
    prefix, first = _prepare(side, cap=case.cap)
    waves, addresses = _make_waves(side, case.channel, prefix, first)
    first += len(addresses)
    addresses += side.ask(
        "make", channel=case.channel, prefix=f"{prefix}m-", first=first, count=SURVEYS, resolved=True
    )
    with side.cluster() as cluster:
        _warm(side, waves, provider)
        start = _read(side, cluster, postgres)
        assert side.ask("release", prefix=f"{prefix}m-", tasks=2) == SURVEYS
        provider.wait(len(addresses), seconds=60 + SURVEYS / 5)
        side.until_noted(f"{prefix}m-")
        end = _read(side, cluster, postgres)
    check_once(provider.accepted(), addresses)
    times = provider.times()[WAVES * WAVE :]
    figures = {"accepted, two workers": (SURVEYS - 1) / (times[-1] - times[0])}
    figures |= _costs(start, end, postgres)
    _tell(f"{case.label}, {side.name}: {figures['accepted, two workers']:.0f}/s")
    return figures


def _prepare(side: Side, *, cap: bool = False) -> tuple[str, int]:
    """A fresh prefix of external ids, and the number of its first address. Nothing made now is due soon."""
    number = next(RUNS)
    side.ask("clear")
    side.ask("settings", delay_seconds=LATER, contact_cap_days=CAP if cap else 0)
    return f"run{number}-", number * 100_000


def _make_waves(side: Side, channel: str, prefix: str, first: int) -> tuple[list[str], list[str]]:
    """The prefixes of the waves that warm the workers, and all of their addresses."""
    prefixes = [f"{prefix}w{wave}-" for wave in range(WAVES)]
    addresses: list[str] = []
    for one in prefixes:
        addresses += side.ask(
            "make", channel=channel, prefix=one, first=first + len(addresses), count=WAVE, resolved=True
        )
    return prefixes, addresses


def _warm(side: Side, waves: list[str], provider: Provider) -> None:
    provider.reset()
    for number, prefix in enumerate(waves, start=1):
        side.ask("release", prefix=prefix, tasks=1)
        provider.wait(number * WAVE, seconds=60)
        side.until_noted(prefix)


def _read(side: Side, cluster: Cluster, postgres: Postgres) -> Reading:
    if side.database == SQLITE:
        return Reading(cluster.workers(), cluster.rest())
    cpu = postgres.cpu(without=[side.backend])
    return Reading(cluster.workers(), cluster.rest(), cpu, postgres.statements_of(ROLE), postgres.position())


def _costs(start: Reading, end: Reading, postgres: Postgres) -> Figures:
    """What each survey cost between the two readings; the cluster has stopped since."""
    parts = {"CPU of the workers": end.workers - start.workers}
    if end.position:
        parts["CPU of PostgreSQL"] = end.postgres - start.postgres
    parts["CPU of the rest of the cluster"] = end.rest - start.rest
    parts["CPU in all"] = sum(parts.values())
    costs = {name: seconds * 1000 / SURVEYS for name, seconds in parts.items()}
    if end.position and postgres.statements:
        costs["statements"] = (end.statements - start.statements) / SURVEYS
    if end.position and postgres.commits:
        costs["commits that wrote"] = postgres.commits_between(start.position, end.position) / SURVEYS
    return costs


def _measure_singles(here: list[Side], provider: Provider, postgres: Postgres) -> None:
    found: dict[str, list[Figures]] = defaultdict(list)
    for number in range(ROUNDS):
        for side in here if number % 2 == 0 else reversed(here):
            found[side.name].append(_run_singles(side, provider, postgres))
    _report(f"single email, {POSTGRESQL}", found, {})


def _run_singles(side: Side, provider: Provider, postgres: Postgres) -> Figures:
    """One conversation resolved every so often, by the verb, in a process that is no worker."""
    prefix, first = _prepare(side)
    waves, warmed = _make_waves(side, "email", prefix, first)
    first += len(warmed)
    addresses = side.ask(
        "make", channel="email", prefix=f"{prefix}s-", first=first, count=SINGLES, resolved=False
    )
    side.ask("settings", delay_seconds=0)
    with side.cluster() as cluster:
        _warm(side, waves, provider)
        quiet = _cpu(_read(side, cluster, postgres))
        time.sleep(IDLE)
        start, began = _cpu(_read(side, cluster, postgres)), time.monotonic()
        resolved = []
        for number in range(SINGLES):
            time.sleep(max(0.0, began + number * EVERY - time.monotonic()))
            resolved.append(side.ask("resolve", external_id=f"{prefix}s-{first + number}"))
        provider.wait(len(warmed) + SINGLES, seconds=60)
        side.until_noted(f"{prefix}s-")
        end, took = _cpu(_read(side, cluster, postgres)), time.monotonic() - began
    accepted = provider.accepted()
    check_once(accepted, warmed + addresses)
    at = {one.to: one.at for one in accepted}
    waited = [(at[to] - when) * 1000 for to, when in zip(addresses, resolved, strict=True)]
    hundredths = statistics.quantiles(waited, n=100, method="inclusive")
    cpu = (end - start - (start - quiet) / IDLE * took) * 1000 / SINGLES
    return {
        "resolve → accepted, p50": hundredths[49],
        "resolve → accepted, p95": hundredths[94],
        "CPU in all": cpu,
    }


def _cpu(reading: Reading) -> float:
    return reading.workers + reading.rest + reading.postgres


def _report(label: str, found: dict[str, list[Figures]], limits: Figures) -> None:
    """The median of the rounds, beside the limit and what it was before."""
    after, before = (_medians(found[name]) for name in (AFTER, BEFORE))
    for name, value in after.items():
        unit = UNITS.get(name, "ms")
        bench.say(
            f"{label}: {name}",
            value,
            limits.get(name),
            unit,
            GOALS.get((label, name), ""),
            more_is_better=unit == "/s",
            before=before.get(name),
        )


GOALS = {
    (f"email, cap on, {POSTGRESQL}", "accepted, two workers"): ">= 300/s",
    (f"email, cap on, {POSTGRESQL}", "CPU in all"): "<= 6.6 ms",
    (f"single email, {POSTGRESQL}", "resolve → accepted, p95"): "< 1 s",
}


def _medians(rounds: list[Figures]) -> Figures:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]} if rounds else {}


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
