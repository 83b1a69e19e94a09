"""What bin/run's web server and workers cost while nobody does anything: processor time, memory, processes.

Memory is PSS, which parts what several processes share among them (proc(5), smaps_rollup). Processor time is
theirs alone; the database's stands in a row of its own. BENCH_IDLE=600 for a longer look; BENCH_TREE for a
checkout of another revision.
"""

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import _common as bench
import _postgres
from _cluster import used

SETTLING = 40  # seconds: the first sweeps, the first sign of life and the first look of the scheduler
TREE = Path(os.environ.get("BENCH_TREE", bench.ROOT))
sys.path.insert(0, str(bench.ROOT / "bin"))

from ops import processes, running  # noqa: E402 (found in bin/ only from here on)


def main() -> None:
    (seconds,) = bench.sizes("BENCH_IDLE", "60")
    port = str(processes.free_port())
    env = os.environ | {"HOST": "127.0.0.1", "PORT": port, "SITE_URL": f"http://127.0.0.1:{port}"}
    os.chdir(TREE)
    started = [
        processes.start(service.command, env=env | {"PYTHONPATH": str(TREE)}, out=sys.stderr)
        for service in running.services(sys.executable, "127.0.0.1", port)
    ]
    try:
        with _postgres.connect(os.environ["PG_LIMIT_URL"]) as postgres:
            _measure([process.pid for process in started], postgres, seconds)
    finally:
        processes.stop(*started)


def _measure(leaders: list[int], postgres: _postgres.Postgres, seconds: int) -> None:
    time.sleep(SETTLING)
    pids, began = _families(leaders), time.monotonic()
    before, database = {pid: sum(used(pid)) for pid in pids}, postgres.cpu(without=())
    time.sleep(seconds)
    assert pids == _families(leaders), "a process ended or was replaced meanwhile"
    took = time.monotonic() - began
    shares = {pid: (sum(used(pid)) - before[pid]) / took * 100 for pid in pids}
    database = (postgres.cpu(without=()) - database) / took * 100
    bench.say(f"idle: one core, over {seconds} s", sum(shares.values()), None, "%", "<= 1 %")
    bench.say("idle: one core, PostgreSQL", database, None, "%", "-")
    bench.say("idle: memory of all processes, PSS", sum(map(_pss, pids)), None, "MB", "<= 250 MB")
    bench.say("idle: processes", len(pids), None, "", "-")
    for pid in pids:
        print(f"    {_pss(pid):6.1f} MB  {shares[pid]:6.2f} %  {_name(pid)}", file=sys.stderr)


def _families(leaders: Iterable[int]) -> list[int]:
    return [pid for leader in leaders for pid in bench.with_children(leader)]


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Pss:")).split()[1]) / 1024


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[-60:]


if __name__ == "__main__":
    main()
