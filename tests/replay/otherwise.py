"""Ledgers under one policy and another, and what a what-if finds in them."""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from consumers.embedded import Embedded, found
from ledger import simulator, wire
from ledger.entry import Entry
from ledger.facts import Founding
from ledger.logs.sqlite import SqliteLog
from replay.what_if import Change, Difference, Finding, Made, NotHappened, Walk
from tests.consumers.reading import entries_of


def under(founding: Founding, parameters: dict[str, Any]) -> Founding:
    """The founding with parameters that have other values."""
    changed = {**founding.policy.parameters, **parameters}
    policy = msgspec.structs.replace(founding.policy, parameters=changed)
    return msgspec.structs.replace(founding, policy=policy)


def play(folder: Path, seed: int, count: int, parameters: dict[str, Any] | None = None) -> Path:
    """The simulator's messages of one hall, recorded under the parameters."""
    found(folder, under(simulator.founding_of(seed, 1), parameters or {}))
    with Embedded(folder) as ledger:
        messages = simulator.messages(seed, 1, count=count)
        while batch := list(islice(messages, 500)):
            ledger.publish(batch)
    return folder


def history(folder: Path) -> list[Entry]:
    log = SqliteLog(folder / "log.sqlite")
    entries = entries_of(log)
    log.close()
    return entries


def findings(folder: Path, change: Change, **how: Any) -> list[Finding]:
    log = SqliteLog(folder / "log.sqlite")
    found_otherwise = list(Walk(log, change, **how).findings())
    log.close()
    return found_otherwise


def changed(**parameters: Any) -> Change:
    """Parameters, with `__` for the dot where they have one."""
    return Change(parameters={key.replace("__", "."): each for key, each in parameters.items()})


class Told(NamedTuple):
    """One message and what became of it: the events' tags, or the rule."""

    owner: str
    source: str
    id: str
    time: datetime
    outcome: str


class Otherwise(NamedTuple):
    """What two histories differ in, message by message."""

    differences: set[Told]
    not_happened: set[tuple[str, str]]
    made: set[Told]


def compared(recorded: Iterable[Entry], fresh: Iterable[Entry]) -> Otherwise:
    """A fresh history against the recorded one. What is sealed differs anyway.

    So do versions of the policy, which hold what those before them set.
    """
    one, other = _by_message(recorded), _by_message(fresh)
    told = {key: Told(*key, outcome=_outcome(each)) for key, each in other.items()}
    return Otherwise(
        {told[key] for key in one.keys() & other.keys() if _said(one[key]) != _said(other[key])},
        {(key[0], key[2]) for key in one.keys() - other.keys()},
        {told[key] for key in other.keys() - one.keys()},
    )


def as_compared(found_otherwise: Iterable[Finding]) -> Otherwise:
    """The findings of a what-if in the same form."""
    result = Otherwise(set(), set(), set())
    for each in found_otherwise:
        match each:
            case Difference():
                key = each.owner, each.source, each.id, each.happened_at
                result.differences.add(Told(*key, outcome=each.decided))
            case NotHappened():
                result.not_happened.add((each.owner, each.id))
            case Made():
                key = each.owner, "ledger-reactor", each.id, each.happened_at
                result.made.add(Told(*key, outcome=each.decided))
    return result


def _by_message(entries: Iterable[Entry]) -> dict[tuple[str, str, str, datetime], Entry]:
    return {
        (said.subject, said.source, said.id, said.time): each
        for each in entries
        if (said := each.interaction) is not None
        and said.type not in ("policy.publish.v1", "reference.note_policy.v1")
    }


def _said(entry: Entry) -> bytes:
    events = [each.event for each in wire.happened(entry)]
    decided = msgspec.json.encode(entry.refusal or events)
    return re.sub(rb"#1\.[A-Za-z0-9_-]+", b"#sealed", decided)


def _outcome(entry: Entry) -> str:
    if entry.refusal is not None:
        return entry.refusal.rule
    return ", ".join(event.tag for event in entry.events)
