"""A cable to a server, which a test may pull and plug in again: the server itself goes on."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Cable:
    """Listens on a port of this machine and passes everything on to another, while it is plugged in."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.listener.getsockname()[1])
        self.plugged, self.ends = True, set[socket.socket]()
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self) -> None:
        """Every connection breaks, and none is made any more."""
        with self.lock:
            self.plugged = False
            for end in self.ends:
                _break(end)
            self.ends.clear()

    def plug_in(self) -> None:
        self.plugged = True

    def close(self) -> None:
        self.pull()
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                near, _address = self.listener.accept()
                self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        with self.lock:
            if not self.plugged:
                _break(near)
                return
            far = socket.create_connection(self.target)
            self.ends |= {near, far}
        for source, sink in ((near, far), (far, near)):
            threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with self.lock:
            self.ends -= {source, sink}
        _break(source)
        _break(sink)


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def cable(host: str, port: int) -> Iterator[Cable]:
    made = Cable(host, port)
    try:
        yield made
    finally:
        made.close()
