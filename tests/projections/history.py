"""Histories for projection tests: entries made of real structs, chained as the log has them.

    history = History()
    history.say("hall/renmin", visit.IssueTicket(...), visit.TicketIssued, waiting_ahead=2, ...)
    history.project(folder)

What is said is written as if it had been decided; no rule is asked.
"""

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb
import msgspec

from ledger import founding, wire
from ledger.aggregates.model import Event, Interaction
from ledger.entry import (
    FORMAT,
    Entry,
    EventRecord,
    Head,
    Intake,
    Said,
    encode,
    leaf_hash,
)
from ledger.partition import partition_of
from ledger.projections.engine import Projector
from ledger.projections.snapshot import open_snapshot
from ledger.rules import Refusal

MORNING: Final = datetime.fromisoformat("2026-11-03T09:00:00+08:00")
"""A Tuesday, when every history begins unless it says otherwise."""
SOURCE: Final = "counter-app"


def after(start: datetime = MORNING, **amount: float) -> datetime:
    return start + timedelta(**amount)


class History:
    def __init__(self, partitions: int = 2, **parameters: Any) -> None:
        """`parameters` are set by the founding's policy, with `__` for the dot."""
        sample = founding.sample()
        changed = {name.replace("__", "."): value for name, value in parameters.items()}
        facts = msgspec.structs.replace(
            sample,
            partitions=partitions,
            policy=msgspec.structs.replace(sample.policy, parameters=changed),
        )
        self.partitions = partitions
        self.records: list[bytes] = []
        self.heads: dict[int, Head] = {n: Head(n) for n in range(partitions)}
        self._next_event = dict.fromkeys(range(partitions), 1)
        self._versions: dict[str, int] = {}
        self._messages = 0
        self._recorded_at = facts.founded_at
        for partition, record in enumerate(founding.records(facts)):
            self._add(partition, record)

    def say(
        self,
        subject: str,
        interaction: Interaction,
        *events: type[Event] | Event,
        at: datetime = MORNING,
        actor: str = "c-li",
        computed: dict[str, Any] | None = None,
        **who: Any,
    ) -> "History":
        """One recorded interaction: event types repeat it and add `computed` where they have it."""
        said = self._said(subject, interaction, at, actor, who)
        made = [
            event if isinstance(event, Event) else _repeat(event, interaction, computed or {})
            for event in events
        ]
        records = tuple(self._event(said, event, interaction) for event in made)
        self._write(said, at, events=records)
        return self

    def refuse(
        self,
        subject: str,
        interaction: Interaction,
        rule: str,
        detail: str = "",
        at: datetime = MORNING,
        actor: str = "c-li",
        **who: Any,
    ) -> "History":
        said = self._said(subject, interaction, at, actor, who)
        self._write(said, at, refusal=wire.RULES[rule](detail))
        return self

    @property
    def last_event(self) -> str:
        """The id of the first event of the newest message, if it is of the counter's."""
        return f"{SOURCE}:m-{self._messages}:1"

    def project(self, folder: Path) -> duckdb.DuckDBPyConnection:
        """All of it in one batch; the readers' connection to the tables."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_empty_tables(), folder / "live.duckdb")
        with Projector.open(folder) as projector:
            projector.apply(self.records, self.heads)
            assert projector.check() == []
            projector.snapshot()
        return open_snapshot(folder)

    def _said(
        self, subject: str, interaction: Interaction, at: datetime, actor: str, who: dict[str, Any]
    ) -> Said:
        self._messages += 1
        fields: dict[str, Any] = {"source": SOURCE, **who}
        return Said(
            id=f"m-{self._messages}",
            type=interaction.marks.type,
            subject=subject,
            time=at,
            actor=actor,
            data=msgspec.Raw(msgspec.json.encode(interaction)),
            **fields,
        )

    def _event(self, said: Said, event: Event, interaction: Interaction) -> EventRecord:
        aggregate, _ = wire.EVENTS[event.tag]
        stream = aggregate.stream(said, event)
        key = wire.stream_key(said.subject, stream)
        self._versions[key] = self._versions.get(key, 0) + 1
        own = wire.shorten(event, interaction)
        return EventRecord(
            tag=event.tag, stream=stream, version=self._versions[key], data=msgspec.Raw(own)
        )

    def _write(
        self,
        said: Said,
        at: datetime,
        events: tuple[EventRecord, ...] = (),
        refusal: Refusal | None = None,
    ) -> None:
        partition = partition_of(said.subject, self.partitions)
        head = self.heads[partition]
        self._recorded_at = max(self._recorded_at, at)
        entry = Entry(
            v=FORMAT,
            partition=partition,
            position=head.position + 1,
            prev=head.hash,
            recorded_at=self._recorded_at.astimezone(UTC),
            first_event=self._next_event[partition],
            policy="2026.1",
            intake=Intake(via="http", content=f"{self._messages:064x}", key="k1"),
            interaction=said,
            events=events,
            refusal=refusal,
        )
        self._next_event[partition] += len(events)
        self._add(partition, encode(entry))

    def _add(self, partition: int, record: bytes) -> None:
        position = self.heads[partition].position + 1
        self.heads[partition] = Head(partition, position, leaf_hash(record))
        self.records.append(record)


class _Place(msgspec.Struct, frozen=True):
    partition: int
    position: int


@cache
def _empty_tables() -> Path:
    """A live file without rows, made once a process: to make it takes a second."""
    folder = Path(tempfile.mkdtemp(prefix="ledger-tables-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Projector.open(folder).close()
    return folder / "live.duckdb"


def partition_in(record: bytes) -> int:
    return msgspec.json.decode(record, type=_Place).partition


def heads_after(records: Sequence[bytes]) -> dict[int, Head]:
    """The head that each partition of `records` has after them."""
    places = [(msgspec.json.decode(record, type=_Place), record) for record in records]
    newest = {place.partition: (place.position, record) for place, record in places}
    return {
        partition: Head(partition, position, leaf_hash(record))
        for partition, (position, record) in newest.items()
    }


def _repeat(event: type[Event], interaction: Interaction, computed: dict[str, Any]) -> Event:
    fields = event.__struct_fields__
    return event.of(
        interaction,
        **{name: value for name, value in computed.items() if name in fields},
    )
