"""`ledger demo`: three simulated halls, recorded, projected, verified, and shown on one screen."""

import shutil
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.cells import cell_len
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from consumers.decider import Answer
from consumers.embedded import Embedded, facts_of, found
from consumers.projector import ProjectorProcess
from ledger import wire
from ledger.cli.common import JsonOption, console, print_json, progress
from ledger.door.admit import Malformed
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from ledger.simulator import ORIGIN, founding_of, whole_days
from replay.verify import verify

HALLS: Final = 3
BATCH: Final = 500
RULES_SHOWN: Final = 5
SENTENCES_SHOWN: Final = 12
IN_CHINESE: Final = 5


class RuleCount(msgspec.Struct, frozen=True):
    rule: str
    refused: int
    sentence: str


class Figure(msgspec.Struct, frozen=True):
    """A KPI of one hall's newest day; `value` is None where nothing was counted."""

    k: str
    name: str
    name_zh: str
    hall: str
    business_on: str
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


def demo(
    *,
    home: Annotated[
        Path, typer.Option("--home", help="Folder of the demo; an older demo in it is replaced.")
    ] = Path("demo-home"),
    seed: Annotated[int, typer.Option(help="Another seed plays another story.")] = 1,
    interactions: Annotated[
        int, typer.Option(min=1, help="At least so many; days are played to their end.")
    ] = 20_000,
    as_json: JsonOption = False,
) -> None:
    """Play simulated days of three halls into a ledger, verify it, and show what came out.

    Example: ledger demo --seed 7
    """
    played = _play(home, seed, interactions)
    if as_json:
        print_json(played)
    else:
        _show(played)
    if not played.is_verified:
        raise typer.Exit(1)


def _play(folder: Path, seed: int, interactions: int) -> Played:
    began = time.monotonic()
    home = Home(folder)
    _clear(home)
    facts = founding_of(seed, HALLS)
    found(folder, facts)
    with progress() as bar:
        tally = _record(folder, seed, interactions, bar)
        task = bar.add_task("verifying chain, ids, index and tables", total=None)
        verified = verify(home, lambda count: bar.advance(task, count))
    snapshot = current_snapshot(home.projections)
    customer, history = _story(snapshot)
    return Played(
        simulated=facts.clock == "simulated",
        origin=facts.origin,
        home=str(folder),
        seed=seed,
        halls=[f"{hall.hall_id} {hall.name}" for hall in facts.halls],
        interactions=sum(tally.outcomes.values()),
        recorded=tally.outcomes["recorded"],
        refused=tally.outcomes["refused"],
        repeated=tally.outcomes["repeated"],
        malformed=tally.outcomes["malformed"],
        follow_ons=tally.follow_ons,
        refused_follow_ons=tally.refused_follow_ons,
        rules=[
            RuleCount(rule, count, wire.RULES[rule].sentence)
            for rule, count in tally.rules.most_common()
        ],
        figures=_figures(snapshot),
        customer=customer,
        history=history,
        entries=verified.entries,
        events=verified.events,
        heads=verified.heads,
        is_verified=verified.good,
        findings=[finding.sentence for finding in verified.findings],
        recording_seconds=round(tally.seconds, 2),
        entries_per_second=round(verified.entries / tally.seconds),
        bytes_per_entry=home.log.stat().st_size // verified.entries,
        total_seconds=round(time.monotonic() - began, 2),
    )


# The home


def _clear(home: Home) -> None:
    """Removes the files of an earlier demo, and nothing else.

    Raises LedgerError where the folder holds another ledger or other files.
    """
    if not home.founded:
        if home.folder.exists() and any(home.folder.iterdir()):
            raise LedgerError(f"{home.folder} is not empty; name another folder with --home")
        return
    log = SqliteLog(home.log)
    try:
        facts = facts_of(log)
    finally:
        log.close()
    if facts.origin != ORIGIN or facts.clock != "simulated":
        raise LedgerError(
            f"{home.folder} holds the ledger {facts.origin}, which is no demo; name another --home"
        )
    lock = home.lock_writer()
    try:
        for path in (home.index, home.reactor, home.snapshots_of_aggregates, home.vault):
            _remove(path)
        home.vault_key.unlink(missing_ok=True)
        shutil.rmtree(home.projections, ignore_errors=True)
        # The log goes last: as long as it stands, the folder is known as a demo.
        _remove(home.log)
    finally:
        lock.release()


def _remove(database: Path) -> None:
    for suffix in ("-wal", "-shm", ""):
        Path(f"{database}{suffix}").unlink(missing_ok=True)


# Playing


class _Tally:
    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.rules: Counter[str] = Counter()
        self.follow_ons = 0
        self.refused_follow_ons = 0
        self.seconds = 0.0

    def add(self, answer: Answer | Malformed) -> None:
        if isinstance(answer, Malformed):
            self.outcomes["malformed"] += 1
        elif answer.repeated:
            self.outcomes["repeated"] += 1
        else:
            self.outcomes[answer.outcome] += 1
            if answer.refusal is not None:
                self.rules[answer.refusal.rule] += 1


def _record(folder: Path, seed: int, interactions: int, bar: Progress) -> _Tally:
    tally = _Tally()
    messages = whole_days(seed, HALLS, interactions)
    task = bar.add_task("recording three simulated halls", total=interactions)
    with Embedded(folder) as ledger:
        projector = ProjectorProcess(folder)
        began = time.monotonic()
        while batch := list(islice(messages, BATCH)):
            for answer in ledger.publish(batch):
                tally.add(answer)
            done = sum(tally.outcomes.values())
            bar.update(task, completed=done, total=max(done, interactions))
        tally.seconds = time.monotonic() - began
        tally.follow_ons = ledger.follow_ons
        tally.refused_follow_ons = ledger.refused_follow_ons
    task = bar.add_task("bringing the tables up to date", total=None)
    projector.finish()
    bar.remove_task(task)
    return tally


# Asking

_FIGURES: Final = """
    select
        k,
        any_value(name),
        any_value(name_zh),
        hall,
        cast(any_value(business_on) as varchar),
        case
            when count(*) = 1 then any_value(value)
            else sum(numerator) / nullif(sum(denominator), 0)
                * case any_value(unit) when '%' then 100 else 1 end
        end,
        any_value(unit),
        any_value(target),
        any_value(direction)
    from kpi
    group by k, hall
    order by k, hall
"""
DULL: Final = (
    "visit.ticket_issued.v1",
    "visit.ticket_called.v1",
    "visit.needs_asked.v1",
    "visit.customer_identified.v1",
    "payment.allocated.v1",
    "payment.settled.v1",
)
"""Events that a history can be told without."""

# Someone with much to tell in few words: money back, a refusal, and many kinds of events.
_CUSTOMER: Final = f"""
    select customer_id
    from customer_history
    group by customer_id
    order by
        count(*) filter (type not in {DULL}) between 9 and {SENTENCES_SHOWN} desc,
        bool_or(type in ('payment.refunded.v1', 'payment.reversed.v1')) desc,
        bool_or(event_number is null) desc,
        count(distinct type) desc,
        customer_id
    limit 1
"""
_HISTORY: Final = """
    select
        strftime(happened_at + interval 8 hour, '%m-%d %H:%M'),
        sentence,
        sentence_zh,
        type,
        event_number is null
    from customer_history
    where customer_id = '{}'
    order by happened_at, partition, position, event_number
"""


def _figures(snapshot: Path) -> list[Figure]:
    return [Figure(*row) for row in worker.query(snapshot, _FIGURES).rows]


def _story(snapshot: Path) -> tuple[str, list[Told]]:
    found_ = worker.query(snapshot, _CUSTOMER).rows
    if not found_:
        return "", []
    customer_id = str(found_[0][0])
    rows = worker.query(snapshot, _HISTORY.format(customer_id)).rows
    return f"customer/{customer_id}", [Told(*row) for row in rows]


# Showing


def _show(played: Played) -> None:
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
    by_hall = "select hall, count(*) from visits group by hall"
    for command in (
        "ledger serve",
        f"ledger trace {played.customer}",
        f'ledger sql "{by_hall}"',
        "ledger verify",
    ):
        console.print(f"  {command} [dim]--home {played.home}[/]", soft_wrap=True)


def _show_rules(played: Played) -> None:
    for each in played.rules[:RULES_SHOWN]:
        _line(f"  [red]{each.rule}[/]  {each.refused:>5,}  {escape(each.sentence)}")


def _figures_table(played: Played) -> Table:
    halls = sorted({figure.hall for figure in played.figures})
    day = max((figure.business_on for figure in played.figures), default="")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"Key figures of {day}", no_wrap=True)
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
    if unit == "s":
        return f"{value:,.0f} s"
    return f"{value:,.1f} {unit}" if unit == "%" else f"{value:,.1f}/h"


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
