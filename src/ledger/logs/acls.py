"""Who may do what with the ledger's topics: each process has a principal, and so has each source.

Trust rests on this: a consumer cannot see who produced a record, so the brokers must.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from ledger.entry import LedgerError
from ledger.facts import Founding
from ledger.logs import topics
from ledger.logs.administration import EVERYBODY, Grant
from ledger.logs.cluster import Cluster

GROUPS: Final = {
    "decider": "deciders",
    "reactor": "reactors",
    "projector": "projectors",
    "publisher": "publishers",
}
"""The consumer group that a kind of process may join."""
_DESTROYING: Final = ("all", "delete", "alter", "alter_configs")


class Principals(msgspec.Struct, frozen=True):
    """The names that the processes have to the brokers; a source's principal is its own name.

    `door` takes interactions by HTTP and publishes them for their sources; `reader` is whoever may
    read the log and the wrapped keys; `subscriber` follows the events.
    """

    decider: str = "decider"
    reactor: str = "reactor"
    projector: str = "projector"
    publisher: str = "publisher"
    door: str = "door"
    reader: str = "reader"
    subscriber: str = "subscriber"


def acls_of(cluster: Cluster, facts: Founding, principals: Principals | None = None) -> list[Grant]:
    """What a ledger with these facts needs, and no more.

    Raises LedgerError where a source has the name of a process, whose rights it would have.
    """
    who = principals or Principals()
    sources = [source.name for source in facts.sources]
    taken = set(msgspec.structs.asdict(who).values()) & set(sources)
    if taken:
        raise LedgerError(f"the source {min(taken)} has the name of one of the ledger's processes")
    incoming = [cluster.interactions(name) for name in sources]
    from_reactor = cluster.interactions(topics.REACTOR)
    log, keys, outcomes, events = cluster.log, cluster.keys, cluster.outcomes, cluster.events
    all_incoming = [*incoming, from_reactor]
    return [
        *_may(who.decider, "read", [log, keys, *all_incoming]),
        *_may(who.decider, "write", [log, keys, outcomes, cluster.quarantine, *all_incoming]),
        *_may(who.reactor, "read", [log, keys]),
        *_may(who.reactor, "write", [from_reactor, keys]),
        *_may(who.projector, "read", [log]),
        *_may(who.publisher, "read", [log, outcomes, events]),
        *_may(who.publisher, "write", [outcomes, events]),
        *_may(who.door, "read", [log, outcomes]),
        *_may(who.door, "write", incoming),
        *_may(who.reader, "read", [log, keys]),
        *_may(who.subscriber, "read", [events]),
        Grant(
            f"User:{who.subscriber}",
            "read",
            "group",
            f"{cluster.prefix}.subscriber.",
            is_prefix=True,
        ),
        *(
            Grant(f"User:{getattr(who, role)}", "read", "group", f"{cluster.prefix}.{group}")
            for role, group in GROUPS.items()
        ),
        *(grant for name in sources for grant in _of_source(cluster, name)),
    ]


def _of_source(cluster: Cluster, name: str) -> list[Grant]:
    """A source writes its own topic, and reads what became of what it sent."""
    return [
        *_may(name, "write", [cluster.interactions(name)]),
        *_may(name, "read", [cluster.outcomes]),
        Grant(f"User:{name}", "read", "group", f"{cluster.prefix}.source.{name}"),
    ]


def _may(name: str, operation: str, on: Iterable[str]) -> list[Grant]:
    """Reading and writing carry with them the right to ask for a topic's partitions."""
    return [Grant(f"User:{name}", operation, "topic", topic) for topic in on]


def who_may(grants: Iterable[Grant], operation: str, topic: str) -> set[str]:
    """The principals that may do it; `User:*` is everybody. What is denied to all hosts is off."""
    about = [
        each
        for each in grants
        if each.covers("topic", topic) and each.operation in (operation, "all")
    ]
    denied = {each.principal for each in about if each.is_denied and each.host == "*"}
    if EVERYBODY in denied:
        return set()
    return {each.principal for each in about if not each.is_denied} - denied


def who_may_destroy(grants: Iterable[Grant], topic: str) -> set[str]:
    """The principals that may delete the topic or its records, or change its settings."""
    all_grants = list(grants)
    return {who for operation in _DESTROYING for who in who_may(all_grants, operation, topic)}
