"""The commands that read: `status`, `sql`, `kpi`."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Column, Table

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    errors,
    founded,
    print_json,
    shown,
    text_of,
    utf8,
    warn_if_simulated,
)
from ledger.cli.fresh import freshen
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home, Writer, on_kafka
from replay.status import status_of


def status(*, home: HomeOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Show the ledger, who writes it, and how far each partition is projected.

    Example: ledger status
    """
    found = status_of(founded(home))
    if as_json:
        print_json(found)
        return
    console.print(
        f"[bold]{shown(found.origin)}[/]  {shown(found.operator)}  policy {shown(found.policy)}"
    )
    warn_if_simulated(found.clock)
    console.print(f"{found.entries:,} entries, {found.events:,} events{_writing(found.writer)}")
    if found.alarms:
        ask = 'ledger sql "from alarms where is_open is not false"'
        alarms = "1 alarm[/] wants" if found.alarms == 1 else f"{found.alarms:,} alarms[/] want"
        console.print(f"[red]{alarms} a look: {ask}")
    for stop in found.stopped:
        console.print(
            f"[red]partition {stop.partition} of the tables stands still before position"
            f" {stop.position:,}[/]: {shown(stop.sentence)}",
            soft_wrap=True,
        )
    for fact, why in found.standing.items():
        console.print(f"[yellow]table {fact} stands still[/]: {shown(why)}", soft_wrap=True)
    table = Table("partition", "position", "head", "projected", "lag", "trend", "moved at")
    for each in found.partitions:
        table.add_row(
            str(each.partition),
            f"{each.position:,}",
            each.hash[:16],
            # Where there are no tables, there are none that lag.
            "—" if found.alarms is None else f"{each.projected:,}",
            "—" if found.alarms is None else f"{each.lag:,}",
            "—" if each.pace is None else f"{each.pace.trend:+,}",
            "—"
            if each.pace is None or each.pace.moved_at is None
            else f"{each.pace.moved_at:%F %T}",
        )
    console.print(table)


def _writing(writer: Writer | None) -> str:
    """On Kafka others write, from homes of their own; of this one it is said who uses it."""
    url = f", interactions at {writer.url}" if writer is not None and writer.url else ""
    if on_kafka():
        return f"; this home: used by process {writer.pid}{url}" if writer is not None else ""
    return "; nobody writes now" if writer is None else f"; process {writer.pid} writes{url}"


def sql(
    select: Annotated[
        str, typer.Argument(help="One SELECT over the tables and views.", callback=utf8)
    ],
    *,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Stop the query after this long.")] = 30.0,
) -> None:
    """Ask the tables in SQL (DuckDB, read only).

    Example: ledger sql "select outcome, count(*) from audit_trail group by all"
    """
    answer = _ask(founded(home), select, seconds)
    if as_json:
        print_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
    else:
        _print(answer)
    if answer.cut:
        errors.print(f"only the first {len(answer.rows):,} rows are shown")


def kpi(*, home: HomeOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Show the key figures of each hall's newest business day.

    A figure without data is a dash, never zero. Other days, and clerks, are in the views that
    `ledger sql "show tables"` lists; months are in kpi_month.

    Example: ledger kpi
    """
    place = founded(home)
    answer = _ask(place, "select * from kpi order by k, hall, clerk", 30.0)
    rows = [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]
    if as_json:
        print_json(rows)
        return
    state = status_of(place)
    warn_if_simulated(state.clock)
    table = Table("", "key figure", "hall", "clerk", "day", "value", "of", "target")
    for row in rows:
        sign = "≤" if row["direction"].startswith("lower") else "≥"
        table.add_row(
            row["k"],
            f"{row['name']} {row['name_zh']}",
            shown(row["hall"] or ""),
            shown(row["clerk"] or ""),
            str(row["business_on"]),
            "—" if row["value"] is None else f"{row['value']:,.1f} {row['unit']}",
            "" if row["denominator"] is None else f"{row['denominator']:,.0f}",
            "" if row["target"] is None else f"{sign} {row['target']:,.0f}",
        )
    console.print(table)
    newest = max((each.recorded_at for each in state.partitions), key=datetime.fromisoformat)
    console.print(f"as of {newest}, {state.lag:,} entries behind the log")


def _ask(home: Home, select: str, seconds: float) -> worker.Table:
    freshen(home)
    return worker.query(current_snapshot(home.projections), select, seconds=seconds)


def _print(answer: worker.Table) -> None:
    table = Table(*(Column(shown(name), overflow="fold") for name in answer.columns))
    for row in answer.rows:
        table.add_row(*(shown(text_of(value)) for value in row))
    console.print(table)
