"""The worker that runs an analyst's SQL: locked down, capped, and killed at its deadline.

It is a process of its own, because a heavy query cannot be interrupted reliably from inside. It
ends with whoever asked, however that ends: it watches a pipe that only the asker holds open.
"""

import csv
import io
import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ledger.entry import LedgerError
from ledger.projections.snapshot import MEMORY, open_file

ROWS: Final = 10_000
SECONDS: Final = 30.0
SQL_BYTES: Final = 100_000
ANSWER_BYTES: Final = 64_000_000
DATA_BYTES: Final = 2**30
"""Of all that a worker may hold: the engine's own limit leaves out what is no table's."""


class Table(msgspec.Struct, frozen=True):
    """The answer: column names, rows in their order, and whether rows beyond the cap were cut.

    No two columns have the same name: the second `hall` is called `hall_2`.
    """

    columns: list[str]
    rows: list[list[Any]]
    cut: bool = False


class StoppedError(LedgerError):
    """A query was still running at its deadline."""


class Written(NamedTuple):
    """An answer as the worker wrote it; `cut` as of a Table."""

    text: bytes
    cut: bool


class _Head(msgspec.Struct, frozen=True):
    """The first line of what a worker writes: the answer comes after it, if there is one."""

    cut: bool = False
    error: str | None = None


def query(snapshot: Path, sql: str, *, rows: int = ROWS, seconds: float = SECONDS) -> Table:
    """Runs one SELECT over a snapshot.

    Raises LedgerError with the reason it was refused, StoppedError where it took longer.
    """
    answer = _asked("msgpack", snapshot, sql, rows, seconds)
    return msgspec.msgpack.decode(answer.text, type=Table)


def query_as(
    form: Literal["json", "csv"], snapshot: Path, sql: str, *, seconds: float = SECONDS
) -> Written:
    """Runs one SELECT as `query` does; a Table as JSON, or CSV, that nobody decodes here."""
    return _asked(form, snapshot, sql, ROWS, seconds)


def _asked(form: str, snapshot: Path, sql: str, rows: int, seconds: float) -> Written:
    asked = _encoded(sql)
    alive, held = os.pipe()
    module = ("-P", "-m", "ledger.projections.worker")
    try:
        done = subprocess.run(  # noqa: S603
            [sys.executable, *module, str(snapshot), str(rows), str(alive), form],
            input=asked,
            capture_output=True,
            timeout=seconds,
            check=False,
            pass_fds=(alive,),
        )
    except subprocess.TimeoutExpired as error:
        raise StoppedError(f"the query ran longer than {seconds:g} s and was stopped") from error
    finally:
        os.close(alive)
        os.close(held)
    line, _, text = done.stdout.partition(b"\n")
    if done.returncode or not line:
        raise LedgerError("the query ended its worker; it may need too much memory")
    head = msgspec.json.decode(line, type=_Head)
    if head.error is not None:
        raise LedgerError(head.error)
    return Written(text, head.cut)


def _encoded(sql: str) -> bytes:
    try:
        asked = sql.encode()
    except UnicodeEncodeError as error:
        raise LedgerError("the query is no UTF-8 text") from error
    if b"\x00" in asked:
        raise LedgerError("the query holds a NUL character")
    if len(asked) > SQL_BYTES:
        raise LedgerError(f"the query is over {SQL_BYTES:,} bytes")
    return asked


def _run(path: str, sql: str, rows: int) -> Table:
    import duckdb

    connection = open_file(Path(path))
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise LedgerError("send one statement")
    allowed = (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN)
    if statements[0].type not in allowed:
        raise LedgerError(f"only SELECT is answered, not {statements[0].type.name}")
    found = connection.execute(statements[0])
    described = found.description or []
    for column in described:
        if "WITH TIME ZONE" in str(column[1]):
            raise LedgerError(f"{column[0]} has a time zone; cast it to timestamp or varchar")
    fetched = found.fetchmany(rows + 1)
    columns = _distinct([column[0] for column in described])
    return Table(columns, [list(row) for row in fetched[:rows]], len(fetched) > rows)


def _distinct(names: list[str]) -> list[str]:
    distinct: dict[str, None] = {}
    for name in names:
        free, number = name, 1
        while free in distinct:
            number += 1
            free = f"{name}_{number}"
        distinct[free] = None
    return list(distinct)


def _answer(snapshot: str, sql: str, rows: int, form: str) -> bytes:
    import duckdb

    try:
        table = _run(snapshot, sql, rows)
        text = _FORMS[form](table)
        if len(text) <= ANSWER_BYTES:
            return msgspec.json.encode(_Head(table.cut)) + b"\n" + text
        said = f"the answer is over {ANSWER_BYTES:,} bytes; select less"
    except (duckdb.OutOfMemoryException, MemoryError):
        said = f"the query needs more than {MEMORY} of memory"
    except OverflowError:
        said = "a number of the answer is beyond 64 bits; cast it to varchar"
    except TypeError:
        said = "a map's keys are no text and no numbers; cast it to varchar"
    except (duckdb.Error, LedgerError) as error:
        said = _sentence(str(error))
    return msgspec.json.encode(_Head(error=said)) + b"\n"


def _as_msgpack(table: Table) -> bytes:
    return msgspec.msgpack.encode(table, enc_hook=str)


def _as_json(table: Table) -> bytes:
    rows = [msgspec.Raw(msgspec.json.encode(_plain(row))) for row in table.rows]
    return msgspec.json.encode({"columns": table.columns, "rows": rows, "cut": table.cut})


def _as_csv(table: Table) -> bytes:
    """RFC 4180, with a header. Nothing is an empty cell; text is never a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(column) for column in table.columns])
    writer.writerows([_cell(value) for value in _plain(row)] for row in table.rows)
    return text.getvalue().encode()


def _plain(row: list[Any]) -> list[Any]:
    """A row as whoever reads msgpack gets it: in every form the same values are refused."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(row, enc_hook=str))


def _cell(value: Any) -> Any:
    """A spreadsheet would run text that begins as a formula does: an apostrophe keeps it text."""
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return f"'{value}" if value.startswith(_FORMULA) and not _NUMBER.fullmatch(value) else value


_FORMULA: Final = (*"=+-@＝＋－＠", "\t", "\r")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
"""How a decimal is written."""
_FORMS: Final[dict[str, Callable[[Table], bytes]]] = {
    "msgpack": _as_msgpack,
    "json": _as_json,
    "csv": _as_csv,
}


def _sentence(text: str) -> str:
    """The engine's reason in one line, without the excerpt of the query that comes after it."""
    return " ".join(text.strip().partition("\n\n")[0].split())


def _end_with(asker: int) -> None:
    """Reading ends when whoever asked has closed the pipe or was killed."""
    os.read(asker, 1)
    os._exit(1)


def _bound_process() -> None:
    """What the engine's own settings leave open: memory beside its buffers, and any file."""
    resource.setrlimit(resource.RLIMIT_DATA, (DATA_BYTES, DATA_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _main() -> None:
    _bound_process()
    snapshot, rows, asker, form = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    threading.Thread(target=_end_with, args=(asker,), daemon=True).start()
    sys.stdout.buffer.write(_answer(snapshot, sys.stdin.buffer.read().decode(), rows, form))


if __name__ == "__main__":
    _main()
