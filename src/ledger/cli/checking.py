"""The commands that read the log again: `verify`, `rebuild`."""

from typing import Annotated

import typer

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    errors,
    founded,
    print_json,
    progress,
    shown,
    warn_if_simulated,
)
from ledger.cli.fresh import freshen
from ledger.projections.switching import Change
from replay.as_of import entries_until
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
    """Verify the chain, the ids, the index, the archive, and the tables against a rebuild.

    The exit code is 1 where something does not hold. On Kafka that is the home's copy of the log,
    whose heads are compared with Kafka's; with --full everything is read from Kafka again.

    Example: ledger verify
    """
    place = founded(home)
    with progress() as bar:
        task = bar.add_task("verifying the chain", total=entries_until(place, None))

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
        for fact, why in found.standing.items():
            console.print(f"{fact} stands still and was not compared: {shown(why)}", soft_wrap=True)
        for partition, hash_ in found.heads.items():
            console.print(f"partition {partition}  head {hash_}")
        verdict = "[green]verified[/]" if found.good else "[red]NOT verified[/]"
        console.print(f"{verdict}: {found.entries:,} entries, {found.events:,} events")
    if not found.good:
        raise typer.Exit(1)


def rebuild(
    *,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="A fact; may be given several times.")
    ] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Build tables again from the log, beside the old ones, show what differs, and switch.

    Readers and a server go on meanwhile. Where a check fails, the old tables stay. That no row
    differs is also the proof that the tables were right.

    Example: ledger rebuild --only payments
    """
    place = founded(home)
    with progress() as bar:
        task = bar.add_task("rebuilding", total=entries_until(place, None))
        built = rebuild_all(place, lambda count: bar.advance(task, count), only or ())
    if as_json:
        print_json(built)
        return
    differing = [change for change in built.changes if not change.is_empty]
    for change in differing:
        _print_change(change)
    tables = f"{len(built.facts)} table{'' if len(built.facts) == 1 else 's'}"
    console.print(f"Rebuilt {tables} from {built.entries:,} entries.")
    if built.changes and not differing:
        console.print(f"No row differs from the old ones in {len(built.changes)} compared.")


def _print_change(change: Change) -> None:
    if change.rows_before is None:
        console.print(f"[bold]{change.fact}[/]: new, {change.rows_after:,} rows")
        return
    console.print(
        f"[bold]{change.fact}[/]: {change.rows_before:,} rows before, {change.rows_after:,} now;"
        f" {change.only_before:,} only before, {change.only_after:,} only now"
    )
    for what, columns in (("gone", change.columns_before), ("new", change.columns_after)):
        if columns:
            console.print(f"  columns {what} or of another type: {', '.join(columns)}")
    for what, example in (("before", change.example_before), ("now", change.example_after)):
        if example is not None:
            console.print(f"  only {what}, for example: {shown(example)}", soft_wrap=True)
