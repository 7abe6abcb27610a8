"""The command that tells what happened to one owner or stream: `trace`."""

from collections.abc import Sequence
from typing import Annotated, Any, cast

import typer
from rich.tree import Tree

from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    founded,
    print_json,
    progress,
    shown,
    utf8,
    warn_if_simulated,
)
from ledger.cli.replaying import MOMENT, moment_of
from replay.as_of import read_positions
from replay.trace import At, Stood, Traced
from replay.trace import trace as trace_of
from replay.trace_causes import Linked


def trace(
    name: Annotated[
        str,
        typer.Argument(
            help='An owner (customer/…), a stream (payment/…), or both ("customer/… payment/…").',
            callback=utf8,
        ),
    ],
    *,
    at: Annotated[
        str | None,
        typer.Option(help=f"Only until then, and how it stood: {MOMENT}, or a position 0:118."),
    ] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Tell what happened to one owner or stream, by whom, by which rule, and what came of it.

    A stream that is named with its owner is found at once, however many customers there are.

    Example: ledger trace payment/p-1001
    """
    with progress() as bar:
        bar.add_task("tracing", total=None)
        found = trace_of(founded(home), name, None if at is None else _at(at))
    if as_json:
        print_json(found)
        return
    warn_if_simulated(found.clock)
    for entry in found.entries:
        _tell(entry)
    for stood in found.stood:
        _tell_state(stood, found.at or "")


def _at(text: str) -> At:
    try:
        return read_positions(text)
    except ValueError:
        return moment_of(text)


def _tell(entry: Traced) -> None:
    by = entry.actor + (f", approved by {entry.approver}" if entry.approver else "")
    where = f" in {entry.hall}" if entry.hall else ""
    tree = Tree(
        f"{_mark(entry.outcome)} {entry.happened_at}  [bold]{entry.type}[/]  {shown(entry.owner)}"
        f"  by {shown(by + where)}"
        f"  [dim]entry {entry.partition}:{entry.position}, recorded {entry.recorded_at},"
        f" policy {shown(entry.policy)}[/]"
    )
    if entry.cause and not entry.because:
        tree.add(f"[dim]because of {shown(entry.cause)}[/]")
    for cause in entry.because:
        tree.add(f"[dim]because of[/] {_named(cause)}")
    if entry.rule:
        tree.add(f"refused by [red]{entry.rule}[/]: {shown(entry.detail or '')}")
    for event in entry.events:
        branch = tree.add(f"{event.tag}  [dim]{shown(event.stream)} v{event.version}[/]")
        _tell_consequences(branch, [each for each in entry.led_to if each.event == event.id])
    console.print(tree, soft_wrap=True)


def _tell_consequences(tree: Tree, led_to: Sequence[Linked]) -> None:
    for each in led_to:
        _tell_consequences(tree.add(f"led to {_named(each)}"), each.led_to)


def _named(linked: Linked) -> str:
    refused = f"  refused by [red]{linked.rule}[/]" if linked.rule else ""
    return (
        f"{_mark(linked.outcome)} {linked.type}  {shown(linked.owner)}{refused}"
        f"  [dim]entry {linked.partition}:{linked.position}, recorded {linked.recorded_at}[/]"
    )


def _mark(outcome: str) -> str:
    return "[red]✗[/]" if outcome == "refused" else "[green]✓[/]"


def _tell_state(stood: Stood, at: str) -> None:
    tree = Tree(f"[bold]{shown(stood.owner)}[/] as of {at}")
    for stream, state in stood.states.items():
        _grow(tree.add(f"[bold]{shown(stream)}[/]"), state)
    if stood.register is not None:
        _grow(tree.add("[bold]register[/]"), stood.register)
    console.print(tree, soft_wrap=True)


def _grow(tree: Tree, members: dict[str, Any]) -> None:
    """A state's members below it; those of a list are numbered from 1."""
    for name, inside in members.items():
        if isinstance(inside, dict):
            _grow(tree.add(shown(name)), cast(dict[str, Any], inside))
        elif isinstance(inside, list):
            numbered = enumerate(cast(list[Any], inside), 1)
            _grow(tree.add(shown(name)), {str(number): each for number, each in numbered})
        else:
            tree.add(f"{shown(name)}: {shown(str(inside))}")
