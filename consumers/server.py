"""The server: intake, recording and projector of one embedded ledger, started and stopped together.

It stops on SIGTERM and SIGINT: no more is taken, what is in flight is recorded and answered, and
the projector catches up. Killed at any moment it loses nothing that was answered.
"""

import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import uvicorn

from consumers.grouping import Recording
from consumers.intake import Intake
from consumers.keeper import ProjectorKeeper
from ledger.entry import LedgerError
from ledger.settings import Home

FINISH_SECONDS: Final = 30
CONNECTIONS: Final = 1_000
BACKLOG: Final = 2_048
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104


def serve(home: Home, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until a signal; calls `ready` with the URL. Port 0 takes any that is free.

    Raises LedgerError where another process writes the ledger, or where it cannot listen.
    """
    with ExitStack() as stack:
        recording = Recording(home.folder)
        stack.callback(recording.close)
        listener = stack.enter_context(listen(host, port))
        projector = ProjectorKeeper(home)
        stack.callback(projector.finish)
        server = server_of(Intake(home, recording, projector))
        url = url_of(host, listener)
        recording.start(url)
        # First of all nothing more is recorded; the lock is held until the projector is done.
        stack.callback(recording.finish)
        run(server, listener, lambda: ready(url))


def server_of(intake: Intake) -> uvicorn.Server:
    return uvicorn.Server(_config(intake))


def _config(intake: Intake) -> uvicorn.Config:
    return uvicorn.Config(
        intake.app(),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )


def run(server: uvicorn.Server, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Calls `ready` and serves until SIGTERM, SIGINT, or until somebody sets `should_exit`."""

    def stop(_signal: int, _frame: object) -> None:
        server.should_exit = True

    # The server raises the signal again when it is done; ours then does no harm.
    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        ready()
        server.run(sockets=[listener])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def listen(host: str, port: int) -> socket.socket:
    """Raises LedgerError where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as error:
        raise LedgerError(f"cannot listen at {host} port {port}: {error}") from error
    # Connections inherit it. Without it each answer, sent in two parts, waits 40 ms for the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(host: str, listener: socket.socket) -> str:
    """Where the listener is reached from this machine."""
    reachable = _ANY.get(host, host)
    named = f"[{reachable}]" if ":" in reachable else reachable
    return f"http://{named}:{listener.getsockname()[1]}"
