"""How fast all tables are made from an archive's typed Parquet, and what is how large on disk.

    python -m bench.archive [--events 1000000] [--segment 50000] [--home DIR] [--json]

`events_per_second`: from the sealed files, each compared with its seal, to all tables finished and
durable; `processor_seconds` is what all threads took, which says more on a busy machine.
`with_tail_seconds`: the same, and then what is not sealed from the log. `as_of_middle_seconds`: the
tables at half of each partition, with what is not sealed up to there. A ledger
of the simulator's mix is recorded and sealed first; with `--home` one that stands there is used, or
kept there.
"""

import argparse
import multiprocessing
import resource
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb

from bench.machine import machine, parser, show
from bench.rebuild import record
from consumers.archiver import Archiving
from consumers.projector import project_all
from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.archive.tables import project_archive
from ledger.logs.sqlite import SqliteLog
from ledger.projections.engine import Projector
from ledger.settings import Home, tune_interpreter


def measure(folder: Path) -> dict[str, Any]:
    home = Home(folder)
    with closing(SqliteLog(home.log)) as log, tempfile.TemporaryDirectory(dir=folder) as scratch:
        archive = Archive.find(Storage.at(home.archive))
        assert archive is not None
        ends = log.ends()
        middle = {partition: end // 2 for partition, end in ends.items()}
        cpu = time.process_time()
        seconds, sealed, sealed_events = build(archive, None, Path(scratch) / "sealed", ends)
        cpu = time.process_time() - cpu
        whole_seconds, _, events = build(archive, log, Path(scratch) / "all", ends)
        as_of_seconds, _, _ = build(archive, log, Path(scratch) / "middle", middle)
        tables = _bytes(Path(scratch) / "all")
    files = Path(home.archive)
    typed = _bytes(files / "entries") + _bytes(files / "events")
    return {
        **machine(),
        "entries": sum(ends.values()),
        "entries_from_archive": sealed,
        "entries_per_segment": archive.identity.entries,
        "events": events,
        "seconds_to_finished_tables": round(seconds, 1),
        "processor_seconds": round(cpu, 1),
        "events_per_second": round(sealed_events / seconds),
        "with_tail_seconds": round(whole_seconds, 1),
        "as_of_middle_seconds": round(as_of_seconds, 1),
        "records_bytes_per_event": round(_bytes(files / "records") / sealed_events),
        "typed_bytes_per_event": round(typed / sealed_events),
        "rows_bytes_per_event": round(_bytes(files / "rows") / sealed_events),
        "log_bytes_per_event": round(home.log.stat().st_size / events),
        "tables_bytes_per_event": round(tables / events),
        "memory_mib_max": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def build(
    archive: Archive, log: SqliteLog | None, folder: Path, upto: dict[int, int]
) -> tuple[float, int, int]:
    """Seconds to finished tables up to these positions; entries from the archive; events in all.

    What is not sealed is taken from the log, if there is one.
    """
    started = time.perf_counter()
    with Projector.open(folder) as projector:
        sealed = project_archive(archive, projector, upto)
        if log is not None:
            project_all(log, projector, upto)
    seconds = time.perf_counter() - started
    with duckdb.connect(folder / "live.duckdb", read_only=True) as connection:
        rows = connection.execute("select sum(next_event - 1) from positions").fetchall()
    return seconds, sealed, int(rows[0][0])


def prepare(folder: Path, events: int, segment: int) -> None:
    """Records a ledger where there is none, and seals what is full."""
    home = Home(folder)
    if not home.founded:
        record(folder, events)
    with closing(SqliteLog(home.log)) as log:
        is_begun = Archive.find(Storage.at(home.archive)) is not None
        with closing(Archiving(home, log, entries=None if is_begun else segment)) as archiving:
            for _ in archiving.seal():
                pass


def run(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    # In a process of its own, so that its memory is not counted.
    work = multiprocessing.get_context("spawn").Process(
        target=prepare, args=(folder, arguments.events, arguments.segment)
    )
    work.start()
    work.join()
    if work.exitcode:
        raise SystemExit(work.exitcode)
    return measure(folder)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--segment", type=int, default=50_000, help="entries of a segment")
    options.add_argument("--home", type=Path)
    arguments = options.parse_args()
    tune_interpreter()
    if arguments.home:
        figures = run(arguments.home, arguments)
    else:
        with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
            figures = run(Path(folder) / "home", arguments)
    show(figures, as_json=arguments.json)


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


if __name__ == "__main__":
    main()
