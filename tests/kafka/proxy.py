"""A TCP proxy between clients and a broker, for tests: it delays, drops and cuts on command."""

import socket
import time
from contextlib import suppress
from threading import Lock, Thread
from typing import Final, Literal

Direction = Literal["to broker", "to client"]

CHUNK_BYTES: Final = 65_536


class Proxy:
    """Listens on `port` from the beginning; forwards once `target` is the broker's port."""

    def __init__(self) -> None:
        self.target = 0
        self.delay_seconds = 0.0
        """How long each chunk of bytes is held back, in each direction."""
        self._dropped: set[Direction] = set()
        self._pairs: list[_Pair] = []
        self._lock = Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def drop(self, direction: Direction) -> None:
        """From now on bytes of this direction go nowhere, and nobody is told."""
        self._dropped.add(direction)

    def cut(self) -> None:
        """Closes all connections; new ones may be made at once."""
        for pair in self._living():
            pair.close()

    def cut_before_answers(self) -> int:
        """Each connection is closed when the broker answers next, and the answer is lost.

        What clients ask reaches the broker. How many connections there are.
        """
        living = self._living()
        for pair in living:
            pair.loses_answer = True
        return len(living)

    def answers_lost(self) -> int:
        """How many answers were lost by `cut_before_answers` until now."""
        return sum(pair.lost_answer for pair in self._pairs)

    def heal(self) -> None:
        """Forwards all again, at once. Connections that lack bytes are closed."""
        self.delay_seconds = 0.0
        if self._dropped:
            self._dropped.clear()
            self.cut()

    def close(self) -> None:
        # It may be waiting for a connection, which closing alone does not end.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def drops(self, direction: Direction) -> bool:
        return direction in self._dropped

    def _living(self) -> list["_Pair"]:
        with self._lock:
            return [pair for pair in self._pairs if not pair.is_closed]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.target), 5)
            except OSError:
                client.close()
                continue
            broker.settimeout(None)
            with self._lock:
                self._pairs.append(_Pair(self, client, broker))


class _Pair:
    """A client's connection and the one to the broker that was made for it."""

    def __init__(self, proxy: Proxy, client: socket.socket, broker: socket.socket) -> None:
        self.loses_answer = False
        self.lost_answer = False
        self.is_closed = False
        self._proxy = proxy
        self._sockets = (client, broker)
        for way in (("to broker", client, broker), ("to client", broker, client)):
            Thread(target=self._forward, args=way, daemon=True).start()

    def close(self) -> None:
        self.is_closed = True
        for each in self._sockets:
            # A thread that waits in `recv` hears of a shutdown, not of a close.
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _forward(self, direction: Direction, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(CHUNK_BYTES):
                if self.loses_answer and direction == "to client":
                    self.lost_answer = True
                    break
                if self._proxy.delay_seconds:
                    time.sleep(self._proxy.delay_seconds)
                if not self._proxy.drops(direction):
                    sink.sendall(chunk)
        self.close()
