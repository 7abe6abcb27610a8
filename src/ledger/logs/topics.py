"""The topics of a ledger, and what durability needs of each."""

from typing import Final

from ledger.facts import Founding
from ledger.logs.administration import Administration, Topic
from ledger.logs.cluster import MAX_LOG_MESSAGE, MAX_MESSAGE_BYTES, Cluster

REACTOR: Final = "ledger-reactor"
REPLICATION: Final = 3
"""How many brokers keep each record, where there are as many."""
_DAY: Final = 24 * 60 * 60 * 1000
KEYS_SEGMENT_MS: Final = _DAY
"""A segment of the keys' topic takes records for so long; what is deleted leaves it only then."""
_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


def sources_of(facts: Founding) -> list[str]:
    """The sources that have a topic each, the reactor last."""
    return list(dict.fromkeys([*(source.name for source in facts.sources), REACTOR]))


def topics_of(cluster: Cluster, facts: Founding, replication: int = REPLICATION) -> list[Topic]:
    """What a ledger with these facts needs. All but the keys have a partition each of its own.

    Of so many brokers that keep each record, all but one must have it before it counts as written.
    """
    number = facts.partitions
    kept = {
        "unclean.leader.election.enable": "false",
        "min.insync.replicas": str(max(1, min(2, replication))),
    }
    messages = {
        **kept,
        "cleanup.policy": "delete",
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
        "retention.ms": str(30 * _DAY),
    }
    return [
        Topic(
            cluster.log,
            number,
            {**kept, **_FOR_EVER, "max.message.bytes": str(MAX_LOG_MESSAGE)},
        ),
        *(Topic(cluster.interactions(name), number, messages) for name in sources_of(facts)),
        Topic(
            cluster.keys,
            1,
            {
                **kept,
                "cleanup.policy": "compact",
                "segment.ms": str(KEYS_SEGMENT_MS),
                "max.compaction.lag.ms": str(_DAY),
                "delete.retention.ms": str(_DAY),
                "min.cleanable.dirty.ratio": "0.01",
            },
        ),
        Topic(cluster.events, number, {**kept, **_FOR_EVER}),
        Topic(cluster.outcomes, number, messages),
        Topic(cluster.quarantine, number, {**messages, "retention.ms": str(14 * _DAY)}),
    ]


def replication_at(cluster: Cluster) -> int:
    """How many brokers can keep each record: three, or as many as there are."""
    with Administration(cluster) as asked:
        return min(REPLICATION, len(asked.brokers()))


def create(cluster: Cluster, facts: Founding, replication: int) -> None:
    """Creates the topics that there are not yet. Raises LedgerError where the brokers do not."""
    with Administration(cluster) as made:
        made.create(topics_of(cluster, facts, replication), replication)
