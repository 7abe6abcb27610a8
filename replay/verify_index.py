"""Verifying the decider's index: what deciding asks of it, row for row, against one from the log.

python -m replay.verify_index LOG INDEX 0,3,5 1,2,4     prints what does not hold of 0, 3 and 5
"""

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger import sqlite_files, wire
from ledger.chain import holds
from ledger.entry import Head
from ledger.index import Index
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.settings import Home
from replay.finding import Finding
from replay.shares import named, of_name, run, said_by, say, shares


def reached(home: Home) -> list[Head] | Finding:
    """The heads that the index has reached, if there is one."""
    if not home.index.exists():
        return []
    index = sqlite_files.connect(home.index)
    try:
        rows: list[Any] = index.execute("select partition, position, hash from head").fetchall()
    except sqlite3.DatabaseError as error:
        return Finding("index", f"the index cannot be read: {error}")
    finally:
        index.close()
    return [Head(*row) for row in rows]


def compare_heads(
    indexed: list[Head] | Finding, heads: Mapping[int, Head], log: SqliteLog
) -> list[Finding]:
    """The index names the heads it had reached; a cut tail of the log shows here."""
    if isinstance(indexed, Finding):
        return [indexed]
    findings: list[Finding] = []
    for head in indexed:
        walked = heads.get(head.partition)
        if walked is None or head.position > walked.position:
            sentence = "the log ends before what was acknowledged"
        elif not holds(log, head):
            sentence = "the last entry or the index was changed: its hash is another there"
        else:
            continue
        findings.append(Finding("index", sentence, head.partition, head.position))
    return findings


def compare_rows(home: Home, log: SqliteLog) -> list[Finding]:
    """What deciding asks of the index, row for row, against one made from the log.

    Nothing of partitions where a writer is at work or has left the index behind: it reads on when
    it is opened.
    """
    if not home.index.exists():
        return []
    parts = shares(log.ends())
    if len(parts) == 1:
        return _compare(log.path, home.index, parts[0], [])

    def in_process(share: Sequence[int]) -> list[Finding]:
        others = [number for part in parts if part != share for number in part]
        arguments = (str(log.path), str(home.index), named(share), named(others))
        return list(said_by("replay.verify_index", *arguments, kind=Finding))

    with ThreadPoolExecutor(len(parts)) as threads:
        return [found for part in threads.map(in_process, parts) for found in part]


def _compare(path: Path, index: Path, share: Sequence[int], others: Sequence[int]) -> list[Finding]:
    """The rows of a share: all that are not of the other partitions."""
    with (
        tempfile.TemporaryDirectory(prefix="ledger-verify-") as scratch,
        closing(SqliteLog(path)) as log,
    ):
        made = Path(scratch) / "index.sqlite"
        Index(made, log, share).close()
        both = sqlite_files.connect(made)
        try:
            both.execute("attach ? as kept", (f"{index.resolve().as_uri()}?mode=ro",))
            both.execute("begin")
            mine = f"partition not in ({named(others)})"
            if _differs(both, "head", mine):
                return []
            rows = (_row_differs(both, name, mine) for name in ("message", "event"))
            return [
                *(found for found in rows if found),
                *registers_differ(both, others, len(share) + len(others)),
            ]
        except (sqlite3.DatabaseError, msgspec.MsgspecError) as error:
            return [Finding("index", f"the index cannot be read: {error}")]
        finally:
            both.close()


def _differs(both: sqlite3.Connection, name: str, mine: str) -> bool:
    return both.execute(f"select exists ({_different(name, mine)})").fetchone() == (1,)


def _different(name: str, mine: str, columns: str = "*") -> str:
    """The rows that only one of the two has, as a query."""
    rows = [f"select {columns} from {schema}.{name} where {mine}" for schema in ("main", "kept")]
    one, other = (f"select * from ({a} except {b})" for a, b in (rows, rows[::-1]))
    return f"{one} union all {other}"


def _row_differs(both: sqlite3.Connection, name: str, mine: str) -> Finding | None:
    """The first entry of which the index says something else, or nothing, in this table."""
    place = both.execute(
        f"select partition, position from ({_different(name, mine)}) order by 1, 2"
    ).fetchone()
    return place and Finding("index", f"its {name}s are not those of the log; {_REMEDY}", *place)


def registers_differ(
    both: sqlite3.Connection, others: Sequence[int] = (), partitions: int = 1
) -> list[Finding]:
    """The first register that is another; one's sets come in any order, so they are decoded.

    Those of owners that live in the other partitions are left out.
    """

    def is_mine(owner: str) -> bool:
        return partition_of(owner, partitions) not in others

    mine = "true"
    if others:
        mine = "is_mine(owner)"
        both.create_function("is_mine", 1, is_mine)
    rows = both.execute(
        "select owner, a.state, b.state from main.register a join kept.register b using (owner)"
        " where a.state != b.state union all"
        f" select owner, null, null from ({_different('register', mine, 'owner')}) order by 1"
    )
    for owner, made, kept in rows:
        if made is None or _register(owner, made) != _register(owner, kept):
            sentence = f"its register of {owner} is not that of the log; {_REMEDY}"
            return [Finding("index", sentence)]
    return []


def _register(owner: str, state: bytes) -> Any:
    return msgspec.msgpack.decode(state, type=wire.room_of(owner).Register)


_REMEDY: Final = "delete index.sqlite, and the next writer makes it again"


def _compare_share(path: str, index: str, share: str, others: str) -> None:
    for found in _compare(Path(path), Path(index), of_name(share), of_name(others)):
        say(found)


if __name__ == "__main__":
    run(_compare_share)
