"""What a system is given in its tests: a connection's values, and an API that answers from a table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from csat.lib.outcomes import Never
from csat.lib.types import JsonObject
from tests.workers import ROOT

PAYLOADS = ROOT / "tests" / "connectors" / "payloads"


def payload(name: str) -> Any:
    """An example body of a help desk, by its file's name without `.json`."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def raw(body: Any) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Settings:
    """A connection as a system sees it; see csat.connectors.base.Config."""

    base_url: str = "https://desk.example.com"
    account: str = "1"
    inbound_secrets: Sequence[str] = ("test-secret",)
    token: str = "token"
    token_user: str = ""
    own_user: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    mapping: JsonObject = field(default_factory=dict)


class FakeApi:
    """Answers by `METHOD path`, and remembers every call. An exception in the table is raised; what is not in
    the table is a 404. A list of answers is given one after the other, the last for ever.
    """

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.calls: list[tuple[str, str, Any]] = []

    def get(self, path: str, **params: object) -> Any:
        return self._call("GET", path, params)

    def post(self, path: str, body: object) -> Any:
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        return self._call("PUT", path, body)

    def patch(self, path: str, body: object) -> Any:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: Any) -> Any:
        self.calls.append((method, path, body))
        key = f"{method} {path}"
        if key not in self.answers:
            raise Never("404 Not Found", code="404")
        answer = self.answers[key]
        if isinstance(answer, Answers):
            answer = answer.next()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sent(self, method: str, path: str) -> Any:
        """The body of the last such call; AssertionError when there was none."""
        bodies = [body for verb, where, body in self.calls if (verb, where) == (method, path)]
        assert bodies, f"no {method} {path} in {[call[:2] for call in self.calls]}"
        return bodies[-1]


class Answers:
    """One after the other, the last for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)

    def next(self) -> Any:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
