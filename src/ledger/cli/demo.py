"""`ledger demo`: three simulated halls, recorded, projected and verified, on one screen."""

import os
import shutil
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import Progress

from consumers.decider import Answer
from consumers.embedded import Embedded, facts_of, found
from consumers.projector import ProjectorProcess
from ledger import wire
from ledger.cli.common import JsonOption, console, errors, print_json, progress
from ledger.cli.demo_living import live_on
from ledger.cli.demo_screen import DULL, SENTENCES_SHOWN, Figure, Played, RuleCount, Told, show
from ledger.door.admit import Malformed
from ledger.entry import LedgerError
from ledger.facts import Founding
from ledger.logs.opening import VARIABLE
from ledger.logs.sqlite import SqliteLog
from ledger.projections import worker
from ledger.projections.snapshot import current_snapshot
from ledger.settings import Home
from ledger.simulator import ORIGIN, founding_of, messages
from replay.verify import Verified, verify

HALLS: Final = 3
MESSAGES_A_DAY: Final = 8_200
"""About so many, for the progress bar."""
BATCH: Final = 500
READ_AT_ONCE: Final = 5_000


def demo(
    *,
    home: Annotated[
        Path, typer.Option("--home", help="Folder of the demo; an older demo in it is replaced.")
    ] = Path("demo-home"),
    seed: Annotated[int, typer.Option(help="Another seed plays another story.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=366, help="From Monday, 2026-11-02, on.")] = 7,
    serve: Annotated[
        bool, typer.Option("--serve", help="Go on afterwards, and show a page until stopped.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Of the page; 0 takes any that is free.")
    ] = 8080,
    as_json: JsonOption = False,
) -> None:
    """Play a week of three halls into a ledger, verify it, and show what came out.

    With --serve the halls live on, at a gentle pace, and a page on this machine shows how.

    Example: ledger demo --serve
    """
    if os.environ.pop(VARIABLE, None):
        errors.print(f"The demo is embedded: {VARIABLE} is not used.")
    played = _play(home, seed, days)
    if as_json:
        print_json(played)
    else:
        show(played)
    if not played.is_verified:
        raise typer.Exit(1)
    if serve:
        rest = islice(messages(seed, HALLS), played.interactions, None)
        live_on(Home(home), rest, port, errors if as_json else console)


def _play(folder: Path, seed: int, days: int) -> Played:
    began = time.monotonic()
    home = Home(folder)
    _clear(home)
    facts = founding_of(seed, HALLS)
    found(folder, facts)
    with progress() as bar:
        tally = _record(folder, seed, days, bar)
        task = bar.add_task("verifying chain, ids, index and tables", total=None)
        verified = verify(home, lambda count: bar.advance(task, count))
    return _facts(home, seed, facts, tally, verified, began)


def _facts(
    home: Home, seed: int, facts: Founding, tally: "_Tally", verified: Verified, began: float
) -> Played:
    snapshot = current_snapshot(home.projections)
    customer, history = _story(snapshot)
    return Played(
        simulated=facts.clock == "simulated",
        origin=facts.origin,
        home=str(home.folder),
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
        bytes_per_entry=_record_bytes(home) // verified.entries,
        total_seconds=round(time.monotonic() - began, 2),
    )


# The home


def _clear(home: Home) -> None:
    """Removes the files of an earlier demo, and nothing else.

    Raises LedgerError where the folder holds another ledger or other files.
    """
    if not home.founded:
        if any(path.name != "writer.lock" for path in home.folder.glob("*")):
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
        for path in (
            home.index,
            home.reactor,
            home.eraser,
            home.snapshots_of_aggregates,
            home.vault,
        ):
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


def _record(folder: Path, seed: int, days: int, bar: Progress) -> _Tally:
    tally = _Tally()
    story = messages(seed, HALLS, days_played=days)
    about = days * MESSAGES_A_DAY
    task = bar.add_task("recording three simulated halls", total=about)
    with Embedded(folder) as ledger:
        projector = ProjectorProcess(folder)
        began = time.monotonic()
        while batch := list(islice(story, BATCH)):
            for answer in ledger.publish(batch):
                tally.add(answer)
            done = sum(tally.outcomes.values())
            bar.update(task, completed=done, total=max(done, about))
        tally.seconds = time.monotonic() - began
        tally.follow_ons = ledger.follow_ons
        tally.refused_follow_ons = ledger.refused_follow_ons
    task = bar.add_task("bringing the tables up to date", total=None)
    projector.finish()
    bar.remove_task(task)
    return tally


def _record_bytes(home: Home) -> int:
    log = SqliteLog(home.log)
    try:
        return sum(
            len(record)
            for partition, end in log.ends().items()
            for position in range(0, end, READ_AT_ONCE)
            for record in log.read(partition, position, READ_AT_ONCE)
        )
    finally:
        log.close()


# Asking

_FIGURES: Final = """
    select k, name, name_zh, hall, strftime(month, '%Y-%m'), value, unit, target, direction
    from kpi_month
    where clerk is null
    qualify month = max(month) over ()
    order by k, hall
"""
# Someone with much to tell in few words: money back, a refusal, and many kinds of events.
_CUSTOMER: Final = f"""
    select customer_id
    from customer_history
    group by customer_id
    order by
        count(*) filter (type not in {DULL}) between 6 and {SENTENCES_SHOWN} desc,
        bool_or(type = 'order.completed.v1') desc,
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
