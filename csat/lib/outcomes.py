"""The four outcomes of a send: it returns (sent) or raises one of the other three."""

from typing import Any


class Outcome(Exception):
    """Why a send did not simply succeed. `code` and `raw` are the provider's own.

    `outage`: the trouble may be the provider's own and not this message's: no connection, no answer in time,
    an error of its server, everything refused for a while. csat.channels.circuits judges it.
    """

    outage = False

    def __init__(self, text: str, *, code: str = "", raw: dict[str, Any] | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.raw = raw or {}


class Retry(Outcome):
    """Certainly not sent, may be later. `after`: seconds the provider asked to wait, None: our back-off;
    `once`: one further try.
    """

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        raw: dict[str, Any] | None = None,
        after: float | None = None,
        once: bool = False,
        outage: bool = False,
    ) -> None:
        super().__init__(text, code=code, raw=raw)
        self.after = after
        self.once = once
        self.outage = outage


class Never(Outcome):
    """Certainly not sent and never will be.

    `account`: our own account is broken; the channel stops and no survey is burnt.
    `suppress`: the address must not be written to again.
    """

    def __init__(
        self,
        text: str,
        *,
        code: str = "",
        raw: dict[str, Any] | None = None,
        account: bool = False,
        suppress: bool = False,
    ) -> None:
        super().__init__(text, code=code, raw=raw)
        self.account = account
        self.suppress = suppress


class Unknown(Outcome):
    """It may have been sent: look it up before sending again."""

    def __init__(
        self, text: str, *, code: str = "", raw: dict[str, Any] | None = None, outage: bool = False
    ) -> None:
        super().__init__(text, code=code, raw=raw)
        self.outage = outage
