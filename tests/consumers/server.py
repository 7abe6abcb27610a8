"""A real server for tests: the command line in a process of its own, on a free port."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple

from ledger.settings import Home

STRUCTURED = {"content-type": "application/cloudevents+json"}
COMMAND = (sys.executable, "-c", "from ledger.cli import main; main()")
PATIENCE_SECONDS = 20.0


class Heard(NamedTuple):
    status: int
    headers: dict[str, str]
    body: Any


def until(done: Callable[[], Any]) -> Any:
    """Waits for something true and gives it back."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := done()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)
    return found


def ledger(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, timeout=60)


class Server:
    def __init__(self, folder: Path) -> None:
        self.home = Home(folder)
        self._errors = folder.with_suffix(".errors")
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--port", "0", "--home", str(folder)],
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode()
        assert "/interactions" in said, self._errors.read_text()
        self.url = said.split()[3].removesuffix("/interactions;")
        self.address = self.url.removeprefix("http://")

    def post(self, body: bytes, headers: dict[str, str] = STRUCTURED) -> Heard:
        return self.ask("POST", "/interactions", body, headers)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Heard:
        connection = HTTPConnection(self.address, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Heard(answer.status, named, json.loads(answer.read()))
        finally:
            connection.close()

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in listed.read_text().split()]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """The exit code, and what was said on standard error."""
        self.process.send_signal(how)
        self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, self._errors.read_text()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.communicate()
