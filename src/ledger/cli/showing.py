"""`ledger show`: what entries say, personal fields masked; in clear only by right, and recorded."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
import typer

from consumers.embedded import facts_of
from ledger import wire
from ledger.chain import follow
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
from ledger.cli.publishing import sending
from ledger.door.sealing import ERASED, SEALED, mask_fields, open_fields
from ledger.entry import Entry, Head, LedgerError, Said, as_json, decode, event_id, event_parts
from ledger.facts import Founding
from ledger.logs import opening
from ledger.logs.sqlite import SqliteLog
from ledger.partition import partition_of
from ledger.settings import Home
from ledger.vault import Vault

REVEAL: Final = "customer.reveal.v1"
_MASKS: Final = ((SEALED, "«sealed»"), (ERASED, "«erased»"))


class ShownEvent(msgspec.Struct, frozen=True):
    """An event; `data` is what it says beyond its interaction."""

    id: str
    tag: str
    stream: str
    data: dict[str, Any]


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An entry. In `data` stands `{"is_sealed": true}` or `{"is_erased": true}` for what is not
    shown."""

    partition: int
    position: int
    recorded_at: datetime
    happened_at: datetime
    type: str
    owner: str
    source: str
    message_id: str
    actor: str
    outcome: str
    rule: str | None = None
    detail: str | None = None
    data: dict[str, Any]
    events: tuple[ShownEvent, ...]


class Reading(msgspec.Struct, frozen=True):
    """Who reads in clear, and what for."""

    actor: str
    purpose: str
    reference: str


def show(
    name: Annotated[
        str,
        typer.Argument(help="An owner (customer/…) or the id of an event.", callback=utf8),
    ],
    *,
    unmask: Annotated[
        bool, typer.Option("--unmask", help="Show personal fields; that is recorded first.")
    ] = False,
    actor: Annotated[
        str | None, typer.Option("--as", help="The clerk who reads.", callback=utf8)
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What for: data_request, audit, dispute, …", callback=utf8)
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="The request, complaint or case it is for.", callback=utf8)
    ] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Show what was said of an owner, or by one message, with personal fields masked.

    To read a customer's fields in clear names who reads and what for. It is recorded as an
    interaction first; where a rule refuses that, nothing is shown.

    Example: ledger show customer/d12 --unmask --as o-fang --purpose data_request --reference dr-1
    """
    reading = _reading(actor, purpose, reference) if unmask else None
    place = founded(home)
    with closing(opening.open_log(place)) as log:
        facts = facts_of(log)
        entries = _entries(log, name, facts)
        newest = _newest(log) if facts.clock == "simulated" else datetime.now(UTC)
    if reading is not None:
        _record(place, _reveal(name, entries, reading, facts, newest))
    with closing(_vault(place)) as vault:
        found = [_shown(entry, said, vault, reading) for entry, said in entries]
    if as_json:
        print_json(found)
        return
    warn_if_simulated(facts.clock)
    for each in found:
        _tell(each)


def _reading(actor: str | None, purpose: str | None, reference: str | None) -> Reading:
    if actor is None or purpose is None or reference is None:
        raise typer.BadParameter("--unmask needs --as, --purpose and --reference")
    return Reading(actor, purpose, reference)


# Finding


def _entries(log: SqliteLog, name: str, facts: Founding) -> list[tuple[Entry, Said]]:
    """The entries of an owner, or of the message of an event, with what they say."""
    with progress() as bar:
        task = bar.add_task("looking for the entries", total=None)
        entries: list[tuple[Entry, Said]] = []
        for count, entry in enumerate(_candidates(log, name, facts)):
            said = entry.interaction
            if said is not None and _is_meant(entry, said, name):
                entries.append((entry, said))
            bar.update(task, completed=count)
    if not entries:
        raise LedgerError(f"nothing is recorded of {name}")
    return entries


def _candidates(log: SqliteLog, name: str, facts: Founding) -> Iterator[Entry]:
    """Entries whose bytes have the name in them: an owner lives in one partition."""
    is_owner = wire.owner_kind(name) is not None
    needle = as_json(name if is_owner else event_parts(name)[1])[1:-1]
    for partition in [partition_of(name, facts.partitions)] if is_owner else log.ends():
        for _, record in follow(log, Head(partition)):
            if needle in record:
                yield decode(record)


def _is_meant(entry: Entry, said: Said, name: str) -> bool:
    if wire.owner_kind(name) is not None:
        return said.subject == name
    source, message_id, number = event_parts(name)
    return (said.source, said.id) == (source, message_id) and 0 < number <= len(entry.events)


def _newest(log: SqliteLog) -> datetime:
    """The time of a simulated ledger."""
    records = [log.record(*place) for place in log.ends().items()]
    return max(decode(record).recorded_at for record in records if record is not None)


# Reading in clear


def _reveal(
    name: str,
    entries: Sequence[tuple[Entry, Said]],
    reading: Reading,
    facts: Founding,
    time: datetime,
) -> bytes:
    """The message that says who reads what of which customer."""
    owners = {said.subject for _, said in entries}
    owner = owners.pop()
    if owners or wire.owner_kind(owner) != "customer":
        raise LedgerError(f"{name} is not one customer's: only a customer's fields can be unmasked")
    data = {"purpose": reading.purpose, "reference": reading.reference}
    if name != owner:
        data["event_id"] = name
    return as_json(
        {
            "specversion": "1.0",
            "id": f"reveal-{uuid.uuid4().hex}",
            "source": _source(facts),
            "type": REVEAL,
            "subject": owner,
            "time": time.isoformat(),
            "actor": reading.actor,
            "channel": "backoffice",
            "data": data,
        }
    )


def _source(facts: Founding) -> str:
    """The first source of the founding that may send it."""
    for source in facts.sources:
        if "customer" in source.owners and REVEAL.startswith(source.types):
            return source.name
    raise LedgerError(f"no source of this ledger may send {REVEAL}")


def _record(home: Home, message: bytes) -> None:
    """Raises LedgerError where the reading is not recorded, with the rule that refuses it."""
    with sending(home) as send:
        (answer,) = send([message])
    if answer.outcome != "recorded":
        rule = f"{answer.rule}: " if answer.rule else ""
        detail = f" ({answer.detail})" if answer.detail else ""
        raise LedgerError(f"nothing is shown. {rule}{answer.title}{detail}")


def _vault(home: Home) -> Vault:
    cluster = opening.cluster()
    if cluster is None:
        return Vault(home.vault, home.vault_key)
    # Imported late: embedded, nobody waits for Kafka's client.
    from ledger.shared_vault import SharedVault

    return SharedVault(cluster, home.vault, home.vault_key)


# Showing


def _shown(entry: Entry, said: Said, vault: Vault, reading: Reading | None) -> Shown:
    return Shown(
        partition=entry.partition,
        position=entry.position,
        recorded_at=entry.recorded_at,
        happened_at=said.time,
        type=said.type,
        owner=said.subject,
        source=said.source,
        message_id=said.id,
        actor=said.actor,
        outcome="refused" if entry.refusal else "recorded",
        rule=entry.refusal.rule if entry.refusal else None,
        detail=entry.refusal.detail if entry.refusal else None,
        data=mask_fields(said, vault) if reading is None else open_fields(said, vault),
        events=tuple(
            ShownEvent(
                event_id(said, number),
                each.tag,
                each.stream,
                msgspec.json.decode(each.data) if each.data else {},
            )
            for number, each in enumerate(entry.events, 1)
        ),
    )


def _tell(entry: Shown) -> None:
    mark = "[red]✗[/]" if entry.outcome == "refused" else "[green]✓[/]"
    console.print(
        f"{mark} {entry.happened_at.isoformat()}  [bold]{entry.type}[/]  {shown(entry.owner)}"
        f"  by {shown(entry.actor)}  [dim]entry {entry.partition}:{entry.position}[/]"
    )
    if entry.rule:
        console.print(f"    refused by [red]{entry.rule}[/]: {shown(entry.detail or '')}")
    for field, value in entry.data.items():
        console.print(f"    {field}: {shown(_text(value))}", soft_wrap=True)
    for event in entry.events:
        own = f"  {_text(event.data)}" if event.data else ""
        console.print(f"    → {event.tag}  [dim]{shown(event.id + own)}[/]", soft_wrap=True)


def _text(value: Any) -> str:
    for placeholder, text in _MASKS:
        if value == placeholder:
            return text
    return value if isinstance(value, str) else as_json(value).decode()
