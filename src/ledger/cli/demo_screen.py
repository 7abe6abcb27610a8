"""What `ledger demo` found, and how it looks: one screen of at most 50 lines of 110 columns."""

import sys
from typing import Final

import msgspec
from rich.cells import cell_len
from rich.markup import escape
from rich.table import Table

from ledger.cli.common import console

RULES_SHOWN: Final = 3
SENTENCES_SHOWN: Final = 8
IN_CHINESE: Final = 4
WHOLE_UNITS: Final = ("s", "n", "lines")
SHORT_UNITS: Final = {"n": "", "visits/h": "/h", "per 1k": "‰"}
DULL: Final = (
    "visit.ticket_issued.v1",
    "visit.ticket_called.v1",
    "visit.needs_asked.v1",
    "visit.customer_identified.v1",
    "payment.allocated.v1",
    "payment.settled.v1",
    "visit.greeted.v1",
    "order.placed.v1",
    "order.form_completed.v1",
    "order.identity_attached.v1",
    "order.tariff_disclosed.v1",
    "order.check_passed.v1",
    "order.document_attached.v1",
    "order.number_reserved.v1",
    "order.step_completed.v1",
    "order.acknowledged.v1",
    "order.started.v1",
    "order.sim_issued.v1",
    "order.item_completed.v1",
    "order.item_confirmed.v1",
    "subscription.prepared.v1",
)
"""Events that a history can be told without."""


class RuleCount(msgspec.Struct, frozen=True):
    rule: str
    refused: int
    sentence: str


class Figure(msgspec.Struct, frozen=True):
    """A KPI of one hall's month so far; `value` is None where nothing was counted."""

    k: str
    name: str
    name_zh: str
    hall: str
    month: str
    value: float | None
    unit: str
    target: float | None
    direction: str


class Told(msgspec.Struct, frozen=True):
    """One line of a customer's history, in the halls' local time."""

    at: str
    sentence: str
    sentence_zh: str
    type: str
    is_refusal: bool


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo did and found; with --json, this. Times are in seconds."""

    simulated: bool
    origin: str
    home: str
    seed: int
    halls: list[str]
    interactions: int
    recorded: int
    refused: int
    repeated: int
    malformed: int
    follow_ons: int
    refused_follow_ons: int
    rules: list[RuleCount]
    figures: list[Figure]
    customer: str
    history: list[Told]
    entries: int
    events: int
    heads: dict[int, str]
    is_verified: bool
    findings: list[str]
    recording_seconds: float
    entries_per_second: float
    bytes_per_entry: int
    total_seconds: float


def show(played: Played) -> None:
    share = played.refused / played.interactions
    console.print(
        f"[bold white on dark_orange3] SIMULATED [/] [bold]{played.origin}[/]"
        f"  [dim]halls, clerks and customers are invented, by seed {played.seed}[/]"
    )
    console.print(
        f"[bold]{played.interactions:,}[/] interactions: [green]{played.recorded:,} recorded[/],"
        f" [red]{played.refused:,} refused by a rule[/] ({share:.1%}),"
        f" {played.repeated:,} sent again"
    )
    console.print(
        f"[bold]{played.follow_ons:,}[/] follow-ons by the ledger itself,"
        f" {played.refused_follow_ons:,} refused.  Refused most often:"
    )
    _show_rules(played)
    console.print()
    console.print(_figures_table(played))
    console.print()
    _show_history(played)
    console.print()
    _show_proof(played)
    console.print()
    _show_next(played)


def _show_next(played: Played) -> None:
    console.print("[bold]What to try next[/]")
    ledger = sys.argv[0] if "ledger" in sys.argv[0] else "ledger"
    by_hall = "select hall, count(*) from visits group by hall"
    for command in (
        "serve",
        f"trace {played.customer}",
        f'sql "{by_hall}"',
        "verify",
    ):
        console.print(f"  {ledger} {command} [dim]--home {played.home}[/]", soft_wrap=True)


def _show_rules(played: Played) -> None:
    for each in played.rules[:RULES_SHOWN]:
        _line(f"  [red]{each.rule}[/]  {each.refused:>5,}  {escape(each.sentence)}")


def _figures_table(played: Played) -> Table:
    halls = sorted({figure.hall for figure in played.figures})
    month = max((figure.month for figure in played.figures), default="")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"Key figures of {month}", no_wrap=True)
    table.add_column("", no_wrap=True)
    for hall in halls:
        table.add_column(hall, justify="right")
    table.add_column("target", justify="right", style="dim")
    rows: dict[str, dict[str, Figure]] = {}
    for figure in played.figures:
        rows.setdefault(figure.k, {})[figure.hall] = figure
    for k, by_hall in rows.items():
        one = next(iter(by_hall.values()))
        cells = [_figure(by_hall.get(hall)) for hall in halls]
        table.add_row(f"  [dim]{k}[/] {one.name}", one.name_zh, *cells, _target(one))
    return table


def _figure(figure: Figure | None) -> str:
    if figure is None or figure.value is None:
        return "no data"
    text = _number(figure.value, figure.unit)
    if figure.target is None:
        return text
    lower = figure.direction.startswith("lower")
    met = figure.value <= figure.target if lower else figure.value >= figure.target
    return f"[{'green' if met else 'yellow'}]{text}[/]"


def _target(figure: Figure) -> str:
    if figure.target is None:
        return ""
    sign = "≤" if figure.direction.startswith("lower") else "≥"
    return f"{sign} {_number(figure.target, figure.unit)}"


def _number(value: float, unit: str) -> str:
    if unit.startswith("fen"):
        return f"¥{value / 100:,.0f}{unit.removeprefix('fen')}"
    digits = 0 if unit in WHOLE_UNITS else 2 if unit == "h" else 1
    return f"{value:,.{digits}f}{SHORT_UNITS.get(unit, f' {unit}')}"


def _show_history(played: Played) -> None:
    console.print(f"[bold]One customer's history[/]  [dim]{played.customer}[/]")
    for number, told in enumerate(_worth_telling(played.history)):
        sentence = escape(told.sentence)
        if told.is_refusal:
            sentence = f"[red]{sentence}[/]"
        width = cell_len(f"  {told.at}  {told.sentence}  {told.sentence_zh}")
        if number < IN_CHINESE and width <= console.width:
            sentence += f"  [dim]{escape(told.sentence_zh)}[/]"
        _line(f"  [dim]{told.at}[/]  {sentence}")


def _worth_telling(history: list[Told]) -> list[Told]:
    if len(history) > SENTENCES_SHOWN:
        history = [told for told in history if told.type not in DULL or told.is_refusal]
    return history[:SENTENCES_SHOWN]


def _show_proof(played: Played) -> None:
    heads = [f"[dim]{partition}[/] {hash_[:7]}" for partition, hash_ in played.heads.items()]
    console.print("Heads  " + "  ".join(heads))
    if played.is_verified:
        console.print(
            f"[green]✓ verified[/] {played.entries:,} entries, {played.events:,} events:"
            " hashes, ids, index and tables agree with the log"
        )
    else:
        for sentence in played.findings:
            console.print(f"[red]✗ NOT verified:[/] {escape(sentence)}")
    console.print(
        f"[bold]{played.entries_per_second:,.0f}[/] entries/s, durable and projected alongside;"
        f" {played.bytes_per_entry:,} bytes an entry; {played.total_seconds:.0f} s in all"
    )


def _line(text: str) -> None:
    """One line, cut where the terminal ends."""
    console.print(text, no_wrap=True, overflow="ellipsis")
