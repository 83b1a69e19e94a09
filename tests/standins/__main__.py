"""All stand-ins at once, for other processes: prints the environment that points an installation here, until
Ctrl-C.

python -m tests.standins > standins.env
"""

import signal
import threading
from contextlib import ExitStack

from tests.standins.slack import SlackServer
from tests.standins.smtp import SmtpServer
from tests.standins.twilio import TwilioServer


def main() -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as stack:
        for server in (TwilioServer(), SlackServer(), SmtpServer()):
            env = stack.enter_context(server).env
            print(*(f"{name}='{value}'" for name, value in env.items()), sep="\n", flush=True)
        stop.wait()


if __name__ == "__main__":
    main()
