"""The readers' copy of the tables: made between two batches, opened read-only and locked down.

`snapshots/<n>.duckdb` is a plain copy of the live file; the file `snapshots/current` names the
newest. The one before it stays for whoever is about to open it; older ones are removed.
"""

import os
import shutil
from pathlib import Path
from typing import Final

import duckdb

from ledger.entry import LedgerError

MEMORY: Final = "512MB"
THREADS: Final = 2


def current_snapshot(folder: Path) -> Path:
    """The newest snapshot of a projections folder. Raises LedgerError where there is none yet."""
    found = find(folder)
    if found is None:
        raise LedgerError("there are no tables yet; the projector makes them from the log")
    return found


def find(folder: Path) -> Path | None:
    """The newest snapshot, or None where there is none."""
    snapshots = folder / "snapshots"
    try:
        path = snapshots / (snapshots / "current").read_text(encoding="ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    return path if path in _all(snapshots) else None


def open_snapshot(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the newest snapshot that can read it and nothing else."""
    return open_file(current_snapshot(folder))


def open_file(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to one snapshot. Raises LedgerError where it is no snapshot."""
    try:
        return duckdb.connect(
            str(path),
            read_only=True,
            config={
                "enable_external_access": "false",
                "lock_configuration": "true",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "threads": str(THREADS),
                "memory_limit": MEMORY,
                # What does not fit in memory is refused: it would fill the disk beside the tables.
                "temp_directory": "",
            },
        )
    except duckdb.Error as error:
        raise LedgerError(f"the tables in {path.name} cannot be read: {error}") from error


def copy_current(folder: Path, path: Path) -> bool:
    """Copies the newest snapshot, which the projector may replace meanwhile; False without one."""
    while (current := find(folder)) is not None:
        try:
            shutil.copyfile(current, path)
        except FileNotFoundError:
            continue
        return True
    return False


def positions_of(path: Path) -> dict[int, int]:
    """The position of each partition that a snapshot has reached."""
    connection = open_file(path)
    try:
        return dict(connection.execute("select partition, position from positions").fetchall())
    finally:
        connection.close()


def snapshot_positions(folder: Path) -> dict[int, int]:
    """The position of each partition that the newest snapshot has reached; nothing without one."""
    path = find(folder)
    return {} if path is None else positions_of(path)


def make(folder: Path, live: Path) -> Path:
    """Copies the live file, which must be checkpointed, and makes the copy current."""
    snapshots = folder / "snapshots"
    snapshots.mkdir(exist_ok=True)
    before = find(folder)
    number = 1 + max((int(path.stem) for path in _all(snapshots)), default=0)
    path = snapshots / f"{number}.duckdb"
    unfinished = path.with_suffix(".unfinished")
    shutil.copyfile(live, unfinished)
    _to_disk(unfinished)
    unfinished.rename(path)
    pointer = snapshots / "current.unfinished"
    pointer.write_text(path.name, encoding="ascii")
    _to_disk(pointer)
    # A crash before this leaves the earlier snapshot current, and a file that the next one removes.
    pointer.replace(snapshots / "current")
    _to_disk(snapshots)
    for old in _all(snapshots):
        if old not in (path, before):
            old.unlink()
    return path


def _all(snapshots: Path) -> list[Path]:
    return [path for path in snapshots.glob("*.duckdb") if path.stem.isdigit()]


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
