"""Keep services alive: restart one that died, or that has given no heartbeat for too long."""

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ops import processes

STALE = 150.0  # seconds without a heartbeat; one comes every minute, and the scheduler looks every half
MIN_UPTIME = 1.0  # seconds before a restart, so that a service that dies at once is not started in a loop


@dataclass
class Service:
    name: str
    command: list[str]
    process: "subprocess.Popen[str] | None" = None
    started: float = field(default=0.0)


class Supervisor:
    """Use as a context manager: the services run inside it, and all their processes end with it.

    `ages` returns the seconds since the last heartbeat of each service that has one: a killed worker of
    django-q can leave its cluster waiting for ever, which no exit code shows.
    """

    def __init__(
        self,
        services: list[Service],
        *,
        env: Mapping[str, str],
        ages: Callable[[], Mapping[str, float]],
        stale: float = STALE,
    ) -> None:
        self.services, self.env, self.ages, self.stale = services, env, ages, stale

    def __enter__(self) -> "Supervisor":
        for service in self.services:
            self._start(service)
        return self

    def __exit__(self, *_: object) -> None:
        processes.stop(*(service.process for service in self.services if service.process))

    def watch(self, *, every: float = 0.5, looks: float = 10) -> None:
        """Never returns; a signal ends it. Heartbeats are read every `looks` seconds."""
        last_look = time.monotonic()
        while True:
            time.sleep(every)
            self.restart_the_dead()
            if time.monotonic() - last_look > looks:
                self.restart_the_asleep()
                last_look = time.monotonic()

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if ready():
                return True
            self.restart_the_dead()
            time.sleep(0.1)
        return False

    def restart_the_dead(self) -> None:
        for service in self.services:
            dead = service.process and service.process.poll() is not None
            if service.process and dead and time.monotonic() - service.started > MIN_UPTIME:
                self._restart(service, f"ended with {service.process.returncode}")

    def restart_the_asleep(self) -> None:
        ages = self.ages()
        for service in self.services:
            age = ages.get(service.name, 0.0)
            if min(age, time.monotonic() - service.started) > self.stale:
                self._restart(service, f"gave no sign of life for {age:.0f} s")

    def _restart(self, service: Service, why: str) -> None:
        print(f"bin/run: {service.name} {why}; starting it again", flush=True)
        if service.process:
            processes.kill_group(service.process)  # orphans of a dead cluster still work
            service.process.wait()
        self._start(service)

    def _start(self, service: Service) -> None:
        service.process = processes.start(service.command, env=self.env)
        service.started = time.monotonic()
