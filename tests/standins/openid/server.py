"""The real provider as a process: who is logged in there is told by `person`."""

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.workers import ROOT

sys.path.insert(0, str(ROOT / "bin"))
from ops import npm

CLIENT_ID, CLIENT_SECRET = "csat", "a secret / with + signs: & more"
SCRIPT = Path(__file__).with_name("provider.mjs")


class OpenIdServer:
    def __init__(self, redirect_uri: str) -> None:
        self.redirect_uri = redirect_uri
        self.issuer = ""
        self.people: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Self:
        npm.install()
        ours = {"CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "REDIRECT_URI": self.redirect_uri}
        self.process = subprocess.Popen(
            ["node", str(SCRIPT)],
            env={"PATH": os.environ["PATH"]} | ours,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout
        self.issuer = self.process.stdout.readline().strip()
        assert self.issuer, "the provider did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()

    @property
    def env(self) -> dict[str, str]:
        """The environment that points an installation here."""
        return {
            "OIDC_ISSUER": self.issuer,
            "OIDC_CLIENT_ID": CLIENT_ID,
            "OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def person(self, sub: str, **claims: Any) -> None:
        """From now on `sub` is who logs in there; claims are added to those told before."""
        self.people[sub] = self.people.get(sub, {}) | claims
        self._control(person=sub, people=self.people)

    def nobody(self) -> None:
        """Whoever comes cancels the login there."""
        self._control(person=None)

    def tokens_last(self, seconds: int) -> None:
        self._control(idTokenSeconds=seconds)

    def _control(self, **world: Any) -> None:
        request = urllib.request.Request(f"{self.issuer}/control", json.dumps(world).encode(), method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
