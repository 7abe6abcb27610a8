"""The commands that read the log again: `verify`, `rebuild`, `replay`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    errors,
    founded,
    freshen,
    print_json,
    progress,
    shown,
    warn_if_simulated,
)
from ledger.entry import LedgerError
from replay.as_of import replay_as_of
from replay.rebuild import rebuild as rebuild_all
from replay.verify import verify as verify_all


def verify(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="On Kafka: read all of it again, and compare.")
    ] = False,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Verify the chain, the ids, the index, and the tables against a rebuild.

    The exit code is 1 where something does not hold. On Kafka that is the home's copy of the log,
    whose heads are compared with Kafka's; with --full everything is read from Kafka again.

    Example: ledger verify
    """
    place = founded(home)
    with progress() as bar:
        task = bar.add_task("verifying the chain", total=None)

        def freshen_tables() -> None:
            bar.update(task, description="verifying the tables")
            freshen(place)

        found = verify_all(
            place, lambda count: bar.advance(task, count), freshen=freshen_tables, full=full
        )
    if as_json:
        print_json(found)
    else:
        warn_if_simulated(found.clock)
        for finding in found.findings:
            where = (
                f" at {finding.partition}:{finding.position}"
                if finding.partition is not None
                else ""
            )
            errors.print(
                f"[red]{finding.check}{where}[/]: {shown(finding.sentence)}", soft_wrap=True
            )
        for partition, hash_ in found.heads.items():
            console.print(f"partition {partition}  head {hash_}")
        verdict = "[green]verified[/]" if found.good else "[red]NOT verified[/]"
        console.print(f"{verdict}: {found.entries:,} entries, {found.events:,} events")
    if not found.good:
        raise typer.Exit(1)


def rebuild(*, home: HomeOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Build all tables again from the log and put them in place of the old ones.

    Example: ledger rebuild
    """
    with progress() as bar:
        task = bar.add_task("rebuilding", total=None)
        built = rebuild_all(founded(home), lambda count: bar.advance(task, count))
    if as_json:
        print_json(built)
    else:
        console.print(f"Rebuilt the tables from {built.entries:,} entries.")


def replay(
    *,
    as_of: Annotated[str, typer.Option("--as-of", help="A moment, e.g. 2026-11-03T12:00+08:00.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new DuckDB file.")],
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Build the tables as they were known at a moment, into a DuckDB file of your own.

    Example: ledger replay --as-of 2026-11-03T12:00:00+08:00 -o then.duckdb
    """
    if not output.absolute().parent.is_dir():
        raise LedgerError(f"there is no folder {output.absolute().parent}")
    found = replay_as_of(founded(home), _moment(as_of), output)
    if as_json:
        print_json(found)
    else:
        console.print(
            f"{found.entries:,} entries were known then; their tables are in {shown(str(output))}.",
            soft_wrap=True,
        )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no moment; write 2026-11-03T12:00:00+08:00"
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
