"""The bench's side of the process that takes messages (`_sinks.py`)."""

import base64
import contextlib
import http.client
import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SID, TOKEN, SLACK_TOKEN = "AC" + "a1" * 16, "secret-token", "xoxb-1234-5678-abcdef"


@dataclass(frozen=True)
class Accepted:
    """One message: when (seconds of the monotonic clock), to whom, its own id, its rating link's token."""

    at: float
    to: str
    id: str
    link: str


class Provider:
    """The process that takes messages, started on entry and stopped on exit."""

    def __enter__(self) -> "Provider":
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("_sinks.py"))], stdout=subprocess.PIPE, text=True
        )
        ports = json.loads(self.process.stdout.readline() if self.process.stdout else "{}")
        self.smtp_port, self.http_port = ports["smtp"], ports["http"]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment that points an installation here."""
        return {
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "DEFAULT_FROM_EMAIL": "Acme Support <support@acme.example>",
            "TWILIO_ACCOUNT_SID": SID,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_SMS_FROM": "+15005550100",
            "TWILIO_WHATSAPP_FROM": "+15005550200",
            "TWILIO_WHATSAPP_CONTENT_SID": "HX" + "c3" * 16,
            "TWILIO_API_BASE": self.base,
            "SLACK_BOT_TOKEN": SLACK_TOKEN,
            "SLACK_SIGNING_SECRET": "8f742231b10e8888abcd99yyyzzz85a5",
            "SLACK_API_BASE": f"{self.base}/api/",
        }

    def reset(self) -> None:
        self._ask("reset")

    def wait(self, count: int, *, seconds: float) -> int:
        """Until so many were taken since the last reset; returns how many there are then."""
        return int(self._ask(f"wait?count={count}&seconds={seconds}", patience=seconds + 30))

    def times(self) -> list[float]:
        """When each was taken, in seconds of the monotonic clock."""
        return [float(at) for at in self._ask("times")]

    def accepted(self) -> list[Accepted]:
        return [Accepted(**one) for one in self._ask("accepted", patience=120)]

    def last(self) -> dict[str, Any]:
        """The last one as it came: `body` (bytes), and for HTTP `path` and `headers`."""
        last: dict[str, Any] = self._ask("last")
        return last | {"body": base64.b64decode(last["body"])}

    def _ask(self, what: str, patience: float = 30) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=patience)
        with contextlib.closing(connection):
            connection.request("GET", f"/bench/{what}")
            return json.loads(connection.getresponse().read())


def check_once(accepted: list[Accepted], addresses: list[str]) -> None:
    """Each survey was taken exactly once: one message an address, no id and no link twice."""
    wanted, got = Counter(addresses), Counter(one.to for one in accepted)
    assert got == wanted, f"missing {list(wanted - got)[:5]}, too many {list(got - wanted)[:5]}"
    for name in ("id", "link"):
        values = {getattr(one, name) for one in accepted}
        assert "" not in values, name
        assert len(values) == len(accepted), f"{name}: {len(values)} of {len(accepted)}"
