"""The worker that runs an analyst's SQL: locked down, capped, and killed at its deadline.

It is a process of its own, because a heavy query cannot be interrupted reliably from inside.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from ledger.entry import LedgerError

ROWS: Final = 10_000
SECONDS: Final = 30.0


class Table(msgspec.Struct, frozen=True):
    """The answer: column names, rows in their order, and whether rows beyond the cap were cut."""

    columns: list[str]
    rows: list[list[Any]]
    cut: bool = False


class _Failure(msgspec.Struct, frozen=True):
    error: str


def query(snapshot: Path, sql: str, *, rows: int = ROWS, seconds: float = SECONDS) -> Table:
    """Runs one SELECT over a snapshot. Raises LedgerError with the reason it was refused."""
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "ledger.projections.worker", str(snapshot), str(rows)],
            input=sql.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LedgerError(f"the query ran longer than {seconds:g} s and was stopped") from error
    try:
        answer = msgspec.msgpack.decode(done.stdout)
    except msgspec.MsgspecError as error:
        raise LedgerError("the query ended its worker (out of memory?)") from error
    if "error" in answer:
        raise LedgerError(msgspec.convert(answer, _Failure).error)
    return msgspec.convert(answer, Table)


def _run(snapshot: str, sql: str, rows: int) -> Table:
    import duckdb

    connection = duckdb.connect(
        snapshot,
        read_only=True,
        config={
            "enable_external_access": "false",
            "lock_configuration": "true",
            "threads": "2",
            "memory_limit": "512MB",
        },
    )
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise LedgerError("send one statement")
    allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if statements[0].type not in allowed:
        raise LedgerError(f"only SELECT is answered, not {statements[0].type.name}")
    found = connection.execute(statements[0])
    columns = [column[0] for column in found.description or []]
    fetched = found.fetchmany(rows + 1)
    return Table(columns, [list(row) for row in fetched[:rows]], len(fetched) > rows)


def _main() -> None:
    import duckdb

    snapshot, rows = sys.argv[1], int(sys.argv[2])
    sql = sys.stdin.buffer.read().decode()
    try:
        answer: Table | _Failure = _run(snapshot, sql, rows)
    except (duckdb.Error, LedgerError) as error:
        answer = _Failure(str(error).strip())
    sys.stdout.buffer.write(msgspec.msgpack.encode(answer, enc_hook=str))


if __name__ == "__main__":
    _main()
