"""How many interactions a second the ledger records, and how many it makes visible.

    python -m bench.decide [--count 100000] [--json]

`interactions_per_second`: the path of `ledger publish` over the simulator's mix, from the bytes of
a message to its durable entry, follow-ons counted; the projector runs beside it in its own process.
`visible_per_second`: the same until every entry is in the tables and their snapshot.
`ratio_to_library`: the same path without a projector (`alone_per_second`), against the same door
and rules over the first messages of the same mix, saved one by one through the library's own
SQLite module, which has no follow-ons and no refusals to save (`library_per_second`).
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from eventsourcing.persistence import EventStore
from eventsourcing.sqlite import SQLiteDatastore, SQLiteProcessRecorder

from bench.machine import machine, parser, show
from consumers.answers import reply
from consumers.decider import recording_time
from consumers.embedded import Embedded, found
from consumers.projector import ProjectorProcess
from ledger import simulator
from ledger.door.admit import Admitted, Door
from ledger.facts import Founding
from ledger.memory import Memory
from ledger.recorder import EventMapper
from ledger.reference import Reference, reference_of
from ledger.rules import Refusal
from ledger.vault import Vault

BATCH = 500


def measure(count: int, library: int) -> dict[str, Any]:
    facts = simulator.founding_of(1)
    messages = list(islice(simulator.messages(1), count))
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
        ledger = _ledger(Path(folder) / "home", facts, messages)
        ours = _ledger_alone(Path(folder) / "alone", facts, messages[:library])
        theirs = library / _library(Path(folder), facts, messages[:library])
    return {
        **machine(),
        **ledger,
        "library_messages": library,
        "alone_per_second": round(ours),
        "library_per_second": round(theirs),
        "ratio_to_library": round(ours / theirs, 1),
    }


def _ledger(home: Path, facts: Founding, messages: Sequence[bytes]) -> dict[str, Any]:
    found(home, facts)
    with Embedded(home) as ledger:
        projector = ProjectorProcess(home)
        time.sleep(2)
        started = time.perf_counter()
        _publish(ledger, messages)
        recorded = time.perf_counter() - started
        tips = [ledger.store.index.tip(number) for number in range(facts.partitions)]
        entries = sum(tip.head.position for tip in tips) - facts.partitions
        events = sum(tip.next_event - 1 for tip in tips)
        follow_ons = ledger.follow_ons
    projector.finish()
    visible = time.perf_counter() - started
    return {
        "messages": len(messages),
        "entries": entries,
        "follow_ons": follow_ons,
        "events_per_entry": round(events / entries, 2),
        "entry_bytes_mean": round(_record_bytes(home) / entries),
        "interactions_per_second": round(entries / recorded),
        "visible_per_second": round(entries / visible),
    }


def _ledger_alone(home: Path, facts: Founding, messages: Sequence[bytes]) -> float:
    """Entries a second through the same path, without a projector beside it."""
    found(home, facts)
    with Embedded(home) as ledger:
        started = time.perf_counter()
        _publish(ledger, messages)
        seconds = time.perf_counter() - started
        heads = [ledger.store.index.tip(number).head for number in range(facts.partitions)]
    return sum(head.position - 1 for head in heads) / seconds


def _publish(ledger: Embedded, messages: Sequence[bytes]) -> None:
    rest: Iterator[bytes] = iter(messages)
    while batch := list(islice(rest, BATCH)):
        for answer in ledger.publish(batch):
            reply(answer)


def _record_bytes(home: Path) -> int:
    import sqlite3

    log = sqlite3.connect(home / "log.sqlite")
    [(size,)] = log.execute("select sum(length(record)) from entry where position > 1").fetchall()
    log.close()
    return size


def _library(folder: Path, facts: Founding, messages: Sequence[bytes]) -> float:
    """Seconds for the messages by the same door and rules, each saved by the library at once."""
    Vault.create(folder / "vault.sqlite", folder / "vault.key")
    vault = Vault(folder / "vault.sqlite", folder / "vault.key")
    reference = reference_of(facts)
    door = Door(lambda _owner: reference, vault)
    datastore = SQLiteDatastore(str(folder / "library.sqlite"), originator_id_type="text")
    recorder = SQLiteProcessRecorder(datastore)
    recorder.create_table()
    one_by_one = _OneByOne(reference, EventStore(EventMapper(), recorder))
    started = time.perf_counter()
    for message in messages:
        admitted = door.admit(message)
        if isinstance(admitted, Admitted):
            one_by_one.save(admitted)
            vault.flush()
    seconds = time.perf_counter() - started
    datastore.close()
    vault.close()
    return seconds


class _OneByOne:
    """The same rules with states in memory; what they decide is saved by the library at once."""

    def __init__(self, founded: Reference, store: EventStore[str]) -> None:
        self._memory = Memory(founded)
        self._store = store
        self._last = datetime(2026, 11, 1, tzinfo=UTC)

    def save(self, admitted: Admitted) -> None:
        envelope, said = admitted.envelope, admitted.interaction
        reference = self._memory.reference
        self._last, _ = recording_time(reference, self._last, self._last, envelope.time)
        decision = self._memory.decide(said, envelope, self._last, admitted.derived)
        if isinstance(decision, Refusal):
            return
        happened = self._memory.happened(decision, envelope, said)
        self._store.put(happened)
        self._memory.take(envelope, happened)


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--count", type=int, default=100_000)
    options.add_argument("--library", type=int, default=5_000)
    arguments = options.parse_args()
    figures = measure(arguments.count, arguments.library)
    show(figures, as_json=arguments.json)


if __name__ == "__main__":
    main()
