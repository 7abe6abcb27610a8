"""What a test reads back: every entry of a ledger, in an order that one person can follow."""

from collections.abc import Iterable
from typing import Any

from consumers.decider import Answer
from consumers.embedded import Embedded
from ledger import wire
from ledger.chain import follow
from ledger.entry import Entry, Head, decode
from ledger.logs.sqlite import SqliteLog


def entries_of(log: SqliteLog) -> list[Entry]:
    """All entries but the foundings, partition after partition."""
    return [
        decode(record)
        for partition in log.ends()
        for head, record in follow(log, Head(partition))
        if head.position > 1
    ]


def entries(ledger: Embedded, type_: str = "") -> list[Entry]:
    """The entries of interactions whose type begins so."""
    found = entries_of(ledger.log)
    return [each for each in found if each.interaction and each.interaction.type.startswith(type_)]


def tags(found: Iterable[Entry]) -> list[str]:
    return [event.tag for entry in found for event in entry.events]


def happened(ledger: Embedded, tag: str) -> list[Any]:
    """The events of that tag."""
    return [
        each.event
        for entry in entries(ledger)
        for each in wire.happened(entry)
        if each.event.tag == tag
    ]


def answer(ledger: Embedded, message: bytes) -> Answer:
    """Publishes one message, which must be admitted."""
    (said,) = ledger.publish([message])
    assert isinstance(said, Answer), said
    return said


def entry_at(ledger: Embedded, said: Answer) -> Entry:
    record = ledger.log.record(said.partition, said.position)
    assert record is not None
    return decode(record)
