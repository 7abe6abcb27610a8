"""One partition as it would be, in memory as far as it fits: what was not needed for long waits in
a file of its own, which goes with the process."""

import sqlite3
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from typing import Any, Final

import msgspec

from ledger import wire
from ledger.aggregates.model import Aggregate, Context, Recorded
from ledger.entry import Envelope
from ledger.memory import Memory
from ledger.reference import Reference
from ledger.wire import Happened
from replay.what_if.change import Rules

KEPT: Final = 50_000
"""How many states, and as many registers, stay in memory at least, of all partitions together;
twice as many at most."""
Event = tuple[str, str]
"""An owner and an event's id."""


class Scratch:
    """States and registers that are out of memory."""

    def __init__(self) -> None:
        # Without a name it is a temporary file, which SQLite removes.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute("pragma journal_mode = off")
        self._connection.execute("pragma synchronous = off")
        self._connection.execute(
            "create table kept (key text primary key, version integer, state blob) without rowid"
        )

    def put(self, rows: Sequence[tuple[str, int, Any]]) -> None:
        encoded = [(key, version, msgspec.msgpack.encode(state)) for key, version, state in rows]
        self._connection.execute("begin")
        self._connection.executemany("insert or replace into kept values (?, ?, ?)", encoded)
        self._connection.execute("commit")

    def get(self, key: str, kind: type[Any]) -> tuple[Any, int] | None:
        found = self._connection.execute("select state, version from kept where key = ?", (key,))
        row: Any = found.fetchone()
        return None if row is None else (msgspec.msgpack.decode(row[0], type=kind), row[1])

    def close(self) -> None:
        self._connection.close()


class World(Memory):
    def __init__(
        self,
        founded: Reference,
        partition: int,
        rules: Rules,
        scratch: Scratch,
        asked: Set[Event],
        kept: int,
    ) -> None:
        """`asked` are the events that later messages name; of others rules never ask."""
        super().__init__(founded, partition)
        self._rules = rules
        self._scratch = scratch
        self._events = _Asked(asked)
        self._kept = kept

    def context(
        self, envelope: Envelope, recorded_at: datetime, derived: Mapping[str, str] | None = None
    ) -> Context[Any]:
        recorded = super().context(envelope, recorded_at, derived)
        in_force = self._rules.instead_of(recorded.policy, self.reference, recorded_at)
        if in_force is recorded.policy:
            return recorded
        return msgspec.structs.replace(recorded, policy=in_force)

    def take(self, envelope: Envelope, happened: Sequence[Happened]) -> None:
        super().take(envelope, happened)
        if len(self._states) > 2 * self._kept:
            oldest = list(self._states)[: self._kept]
            gone = [(key, self._states.pop(key)) for key in oldest]
            self._scratch.put([(key, version, state) for key, (state, version) in gone])
        if len(self._registers) > 2 * self._kept:
            owners = [each for each in self._registers if each != self._facts][: self._kept]
            self._scratch.put([(_key(each), 0, self._registers.pop(each)) for each in owners])

    def register(self, owner: str) -> Any:
        kept = self._registers.pop(owner, None)
        if kept is None:
            found = self._scratch.get(_key(owner), wire.room_of(owner).Register)
            if found is None:
                return super().register(owner)
            kept = found[0]
        # The last used stands last.
        self._registers[owner] = kept
        return kept

    def known(self, aggregate: Aggregate, owner: str, stream: str) -> tuple[Any, int]:
        key = wire.stream_key(owner, stream)
        kept = self._states.pop(key, None) or self._scratch.get(key, aggregate.State)
        if kept is None:
            return super().known(aggregate, owner, stream)
        self._states[key] = kept
        return kept


def _key(owner: str) -> str:
    """Of a register; a stream may be named like its owner."""
    return f"register {owner}"


class _Asked(dict[Event, Recorded]):
    """Keeps the events that are asked for."""

    def __init__(self, asked: Set[Event]) -> None:
        super().__init__()
        self._asked = asked

    def __setitem__(self, event: Event, recorded: Recorded) -> None:
        if event in self._asked:
            super().__setitem__(event, recorded)
