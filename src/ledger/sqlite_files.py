"""SQLite files that are there already."""

import sqlite3
from pathlib import Path


def connect(path: Path, *, writer: bool = False) -> sqlite3.Connection:
    """For any thread, and for reading only unless `writer`. Raises sqlite3.Error without a file."""
    uri = f"{path.resolve().as_uri()}?mode={'rw' if writer else 'ro'}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=30)
