"""The command `what-if`: the history decided again under another policy."""

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    founded,
    print_json,
    progress,
    shown,
    warn_if_simulated,
)
from ledger.cli.replaying import moment_of, require_folder
from replay.as_of import entries_until
from replay.what_if import Difference, Finding, Made, NotHappened, Report, group_of, load
from replay.what_if import what_if as decide_otherwise

_CONSEQUENCES: Final = 3
"""How many consequences of an example are shown."""


def what_if(
    *,
    policy: Annotated[
        Path, typer.Option("--policy", help=r"A TOML file: \[policy] with parameters = { … }.")
    ],
    from_: Annotated[
        str | None, typer.Option("--from", help="Change what is recorded at or after this moment.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="Change what is recorded before this moment.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new DuckDB file for all findings.")
    ] = None,
    examples: Annotated[int, typer.Option(min=0, help="How many to show of each sort.")] = 3,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Tell what would have been decided otherwise under changed parameters of the policy.

    People's behaviour is taken as recorded; what follows from it is not. Before --from the recorded
    stands; after --to the old policy holds again, and consequences go on.

    Example: ledger what-if --policy changed.toml -o changed.duckdb
    """
    change = load(
        policy,
        None if from_ is None else moment_of(from_),
        None if to is None else moment_of(to),
    )
    if output is not None:
        require_folder(output)
    place = founded(home)
    with progress() as bar:
        # All are read twice.
        task = bar.add_task("deciding again", total=2 * entries_until(place, None))
        report = decide_otherwise(place, change, output, lambda count: bar.advance(task, count))
    if as_json:
        print_json(report)
        return
    warn_if_simulated(report.clock)
    _totals(report)
    _examples(report, examples)
    if output is not None:
        console.print(f"All findings are in {shown(str(output))}.", soft_wrap=True)


def _totals(report: Report) -> None:
    console.print(
        f"{report.judged:,} of {report.entries:,} entries decided again:"
        f" [bold]{len(report.differences):,}[/] would be decided otherwise,"
        f" [bold]{len(report.not_happened):,}[/] follow-ons would not have happened,"
        f" [bold]{len(report.made):,}[/] would have.",
        soft_wrap=True,
    )
    if report.waiting:
        timers = "timer" if report.waiting == 1 else "timers"
        console.print(f"Not due yet: {report.waiting:,} {timers} that would have been set.")
    for note in report.notes:
        console.print(f"[dim]{note}[/]", soft_wrap=True)
    if not report.summary:
        return
    table = Table("what would be", "recorded", "instead", "times", "by the policy", "led to")
    for each in report.summary:
        table.add_row(
            each.what,
            shown(each.recorded),
            shown(each.decided),
            f"{each.findings:,}",
            f"{each.direct:,}",
            f"{each.led_to:,}",
        )
    console.print(table)


def _examples(report: Report, count: int) -> None:
    """The first findings of each sort, each with the first of its consequences."""
    everything: list[Finding] = [*report.differences, *report.not_happened, *report.made]
    of_group: dict[tuple[str, str, str], list[Finding]] = defaultdict(list)
    led_to: dict[str, list[Finding]] = defaultdict(list)
    for each in everything:
        of_group[group_of(each)].append(each)
        if each.because is not None:
            led_to[each.because].append(each)
    for group in report.summary if count else ():
        change = _change(group.recorded, group.decided)
        console.print(f"\n[bold]{group.what}[/]: {shown(change)}", soft_wrap=True)
        for each in of_group[group.what, group.recorded, group.decided][:count]:
            _example(each, led_to[each.finding])


def _example(found: Finding, consequences: list[Finding]) -> None:
    console.print(
        f"  {found.finding}  {_moment(found)}  {found.type}  {shown(found.owner)}{_because(found)}",
        soft_wrap=True,
    )
    if not isinstance(found, NotHappened):
        before = found.recorded_detail if isinstance(found, Difference) else ""
        details = " → ".join(each for each in (before, found.detail) if each)
        if details:
            console.print(f"      {shown(details)}", soft_wrap=True)
    for each in consequences[:_CONSEQUENCES]:
        what, *change = group_of(each)
        told = f"{each.type}  {what}: {shown(_change(*change))}"
        console.print(f"      ↳ {each.finding}  {told}", soft_wrap=True)
    if len(consequences) > _CONSEQUENCES:
        console.print(f"      ↳ and {len(consequences) - _CONSEQUENCES:,} more")


def _change(*decisions: str) -> str:
    return " → ".join(decision for decision in decisions if decision)


def _moment(found: Finding) -> str:
    if isinstance(found, Made):
        return (found.due_at or found.happened_at).isoformat()
    if isinstance(found, NotHappened):
        if found.instead_at is None:
            return found.recorded_at.isoformat()
        recorded_at = found.recorded_at.astimezone(found.instead_at.tzinfo)
        return f"{recorded_at.isoformat()}, but {found.instead_at.isoformat()}"
    return found.happened_at.isoformat()


def _because(found: Finding) -> str:
    return f"  [dim]because of {found.because}[/]" if found.because else ""
