"""HTTP over a ledger on Kafka: the intake and the page, beside a projector of all partitions.

This process copies the log, publishes what it is sent, and answers; the projector is a process of
its own that reads the copy. It stops on SIGTERM and SIGINT, and loses nothing that was answered.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack

from consumers import server
from consumers.embedded import facts_of
from consumers.intake import Intake
from consumers.kafka.places import Places
from consumers.kafka.publishing import Publishing
from consumers.kafka.waiting_room import WaitingRoom
from consumers.kafka.watching import Watching
from consumers.keeper import ProjectorKeeper
from ledger.entry import LedgerError
from ledger.logs import opening
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home, Writer


def serve(home: Home, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serves until a signal; calls `ready` with the URL. Port 0 takes any that is free.

    Raises LedgerError where the home is another process's, where it cannot listen, or where Kafka
    does not hold any more what was read from it.
    """
    cluster = opening.cluster()
    if cluster is None:
        raise LedgerError("--http is for a ledger on Kafka; an embedded one has `ledger serve`")
    with ExitStack() as stack:
        lock = home.lock_writer()
        stack.callback(lock.release)
        listener = stack.enter_context(server.listen(host, port))
        log = KafkaLog(cluster, home.copy)
        stack.callback(log.close)
        places = Places(home.places, log)
        stack.callback(places.close)
        room = WaitingRoom()
        watching = Watching(cluster, log, room, places)
        publishing = Publishing(cluster, facts_of(log), room)
        publishing.watched = lambda: watching.healthy
        projector = ProjectorKeeper(home)
        stack.callback(projector.finish)
        serving = server.server_of(Intake(home, publishing, projector))

        def stop() -> None:
            serving.should_exit = True

        watching.stopped = stop
        watching.start()
        stack.callback(watching.finish)
        publishing.start()
        stack.callback(publishing.finish)
        url = server.url_of(host, listener)
        lock.announce(Writer(os.getpid(), url))
        server.run(serving, listener, lambda: ready(url))
    if watching.failure is not None:
        raise watching.failure
