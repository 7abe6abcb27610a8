"""The commands that replay the log: `replay`, `diff`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Column, Table

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    founded,
    print_json,
    progress,
    shown,
    text_of,
    utf8,
    warn_if_simulated,
)
from ledger.entry import LedgerError
from replay.as_of import Until, entries_until, read_positions, replay_as_of
from replay.diff import Changes, Diff, Side
from replay.diff import diff as compare

MOMENT: Final = "2026-11-03T12:00+08:00"
OWNERS_SHOWN: Final = 20


def moment_of(text: str) -> datetime:
    """A moment; UTC where it says no offset. Raises BadParameter where it is none."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        # An offset may lead out of the years that there are.
        moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise typer.BadParameter(f"{text!r} is no moment; write {MOMENT}") from error
    return moment


def positions_of(text: str) -> dict[int, int]:
    """Positions by partition. Raises BadParameter where the text says none."""
    try:
        return read_positions(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write 0:1000,1:950") from error


def replay(
    *,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help=f"What was recorded by then: {MOMENT}; UTC without offset."),
    ] = None,
    position: Annotated[
        str | None,
        typer.Option("--position", help="Up to these positions, e.g. 0:1000,1:950."),
    ] = None,
    happened_by: Annotated[
        str | None,
        typer.Option("--happened-by", help="Of that, what had happened by then at the counters."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A new DuckDB file.")],
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Build the tables as they were at a moment, into a DuckDB file of your own.

    Its table `replayed` says what it is. Streams are never cut in their middle: what came to the
    ledger late counts with --happened-by by its own time, unless its stream had gone on.

    Example: ledger replay --as-of 2026-11-03T12:00:00+08:00 -o then.duckdb
    """
    if as_of is None and position is None and happened_by is None:
        raise typer.BadParameter("say when: --as-of, --position or --happened-by")
    until = _until(as_of, position)
    happened = None if happened_by is None else moment_of(happened_by)
    require_folder(output)
    place = founded(home)
    with progress() as bar:
        task = bar.add_task("replaying", total=entries_until(place, until))
        made = replay_as_of(place, until, output, happened, lambda count: bar.advance(task, count))
    if as_json:
        print_json(made)
        return
    warn_if_simulated(made.clock)
    console.print(
        f"{made.entries:,} entries {'were known' if happened is None else 'had happened'} then;"
        f" their tables are in {shown(str(output))}.",
        soft_wrap=True,
    )


def _until(as_of: str | None, position: str | None) -> Until | None:
    if as_of is not None and position is not None:
        raise typer.BadParameter("give --as-of or --position, not both")
    if as_of is not None:
        return moment_of(as_of)
    return None if position is None else positions_of(position)


def require_folder(output: Path) -> None:
    """Raises LedgerError where a file's folder is not there."""
    if not output.absolute().parent.is_dir():
        raise LedgerError(f"there is no folder {output.absolute().parent}")


def diff(
    a: Annotated[
        str,
        typer.Argument(help="A moment, positions, or a file of `ledger replay`.", callback=utf8),
    ],
    b: Annotated[str, typer.Argument(help="The other one, later as a rule.", callback=utf8)],
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new DuckDB file for all changes.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only this owner's, row by row: customer/…, hall/….")
    ] = None,
    table: Annotated[str | None, typer.Option(help="Only this table's, row by row.")] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Tell what changed in the tables between two moments, by table and by owner.

    With --owner or --table each changed row is shown, column by column. The file has a table
    `<table>_changes` for each table, with the rows before and after.

    Example: ledger diff 2026-11-03T10:00+08:00 2026-11-03T12:00+08:00 --table payments
    """
    sides = _side(a), _side(b)
    if output is not None:
        require_folder(output)
    moments = [side for side in sides if not isinstance(side, Path)]
    place = founded(home) if moments else None
    with progress() as bar:
        total = max(entries_until(place, each) for each in moments) if place else None
        task = bar.add_task("comparing", total=total)
        found = compare(
            place,
            *sides,
            output=output,
            owner=owner,
            table=table,
            tick=lambda count: bar.advance(task, count),
        )
    if as_json:
        print_json(found)
        return
    warn_if_simulated(found.a.clock)
    _tell(found)
    if output is not None:
        console.print(f"All changes are in {shown(str(output))}.", soft_wrap=True)


def _side(text: str) -> Side:
    """A file where there is one of that name; else positions, or a moment."""
    if Path(text).is_file():
        return Path(text)
    try:
        return read_positions(text)
    except ValueError:
        pass
    try:
        return moment_of(text)
    except typer.BadParameter as error:
        raise typer.BadParameter(
            f"{text!r} is no moment ({MOMENT}), no positions (0:1000,1:950) and no file"
        ) from error


def _tell(found: Diff) -> None:
    if not found.row_count:
        console.print("Nothing changed.")
        return
    _tell_counts("table", found.tables, len(found.tables))
    if found.rows:
        _tell_rows(found)
    else:
        _tell_counts("owner", found.owners[:OWNERS_SHOWN], found.owner_count)


def _tell_counts(what: str, counts: Sequence[Changes], total: int) -> None:
    table = Table(
        what, *(Column(word, justify="right") for word in ("added", "removed", "changed"))
    )
    for each in counts:
        numbers = (each.added, each.removed, each.changed)
        table.add_row(
            shown(each.name or "—"), *(f"{number:,}" if number else "" for number in numbers)
        )
    console.print(table)
    if total > len(counts):
        console.print(f"and {total - len(counts):,} more with fewer changes; --json lists them")


def _tell_rows(found: Diff) -> None:
    table = Table(
        "row",
        "change",
        Column("column"),
        *(Column(word, overflow="fold") for word in ("before", "after")),
    )
    for row in found.rows:
        named = " ".join(text_of(value) for value in row.key.values())
        first = (shown(f"{row.table} {named}"), row.change)
        for column, (before, after) in row.columns.items():
            table.add_row(*first, column, shown(text_of(before)), shown(text_of(after)))
            first = ("", "")
        table.add_section()
    console.print(table)
    if found.row_count > len(found.rows):
        console.print(f"and {found.row_count - len(found.rows):,} rows more; -o writes all")
