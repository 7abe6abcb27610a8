"""Tables from history: the archive's typed tables as far as sealed, and the log after them."""

from collections.abc import Callable, Mapping

from consumers.projector import project_all
from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.archive.tables import project_archive
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.settings import Home

Tick = Callable[[int], None]
"""Told how many entries were read since the last call."""


def archive_of(home: Home, log: SqliteLog) -> Archive | None:
    """The home's archive, if there is one. Raises LedgerError where it is of another ledger."""
    archive = Archive.find(Storage.at(home.archive))
    if archive is not None:
        archive.refuse_other(log)
    return archive


def project_history(
    archive: Archive | None,
    log: SqliteLog,
    projector: Projector,
    upto: Mapping[int, int],
    tick: Tick | None = None,
    *,
    stops: bool = False,
) -> int:
    """Applies what the tables lack up to these positions; how many entries there were."""
    sealed = 0 if archive is None else project_archive(archive, projector, upto, tick)
    return sealed + project_all(log, projector, upto, tick, stops=stops)
