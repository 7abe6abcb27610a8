"""`ledger doctor`."""

from typing import TYPE_CHECKING

import typer
from rich.table import Column, Table

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    print_json,
    shown,
    warn_if_simulated,
)
from ledger.settings import Home

if TYPE_CHECKING:
    from replay.doctor import Diagnosis

_COLOURS = {"ok": "green", "warning": "yellow", "problem": "bold red"}


def doctor(*, home: HomeOption = DEFAULT, as_json: JsonOption = False) -> None:
    """Check topics, settings, grants, lags and void records, and say what to do.

    Changes nothing. With --json also what is well is listed. The exit code is 1 where there is a
    problem.

    Example: ledger doctor
    """
    # Imported late: other commands do not wait for Kafka's client.
    from replay.doctor import examine

    found = examine(Home(home))
    if as_json:
        print_json(found)
    else:
        _show(found)
    if not found.good:
        raise typer.Exit(1)


def _show(found: "Diagnosis") -> None:
    console.print(f"[bold]{shown(found.log)}[/]")
    if found.clock is not None:
        warn_if_simulated(found.clock)
    if found.partitions:
        _show_partitions(found)
    _show_waiting(found)
    wrong = [each for each in found.findings if each.severity != "ok"]
    if wrong:
        table = Table("", "check", "about", "found", "wanted", Column("what to do", ratio=1))
        for each in wrong:
            about = ", ".join(each.about[:3])
            if len(each.about) > 3:
                about += f" and {len(each.about) - 3} more"
            mark = f"[{_COLOURS[each.severity]}]{each.severity}[/]"
            told = (each.check, about, each.found, each.wanted, each.sentence)
            table.add_row(mark, *(shown(text) for text in told))
        console.print(table)
    problems = sum(each.severity == "problem" for each in wrong)
    console.print(
        f"{len(found.findings) - len(wrong)} checks are well, {len(wrong) - problems} warnings,"
        f" {problems} problems."
    )


def _show_partitions(found: "Diagnosis") -> None:
    table = Table(
        "partition", "position", "head", "not copied", "not in tables", "not told", "decider"
    )
    for each in found.partitions:
        table.add_row(
            str(each.partition),
            f"{each.position:,}",
            each.hash[:16],
            f"{each.behind:,}",
            _count(each.unprojected),
            _count(each.unpublished),
            shown(each.owner or "—"),
        )
    console.print(table)


def _show_waiting(found: "Diagnosis") -> None:
    for each in found.intakes:
        if each.waiting:
            console.print(
                f"{each.waiting:,} messages in {shown(each.topic)} {each.partition} have no entry"
                " yet"
            )
    for each in found.voids:
        console.print(
            f"{each.count:,} {each.cause} records are void in partition {each.partition}, the"
            f" newest at offset {each.newest_offset:,}"
        )


def _count(number: int | None) -> str:
    return "—" if number is None else f"{number:,}"
