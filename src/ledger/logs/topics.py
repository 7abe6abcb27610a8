"""The topics of a ledger, and what durability needs of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka.admin import NewTopic
from kafka.errors import TopicAlreadyExistsError

from ledger.entry import LedgerError
from ledger.logs.cluster import MAX_LOG_MESSAGE, MAX_MESSAGE_BYTES, Cluster, KafkaError
from ledger.reference import Founding

REACTOR: Final = "ledger-reactor"
_DAY: Final = 24 * 60 * 60 * 1000
_FOR_EVER: Final = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    settings: Mapping[str, str]


def topics_of(cluster: Cluster, facts: Founding) -> list[Topic]:
    """What a ledger with these facts needs. All but the keys have a partition each of its own."""
    number = facts.partitions
    kept = {"unclean.leader.election.enable": "false"}
    messages = {**kept, "max.message.bytes": str(MAX_MESSAGE_BYTES), "retention.ms": str(30 * _DAY)}
    sources = [source.name for source in facts.sources]
    return [
        Topic(
            cluster.log,
            number,
            {**kept, **_FOR_EVER, "max.message.bytes": str(MAX_LOG_MESSAGE)},
        ),
        *(
            Topic(cluster.interactions(name), number, messages)
            for name in dict.fromkeys([*sources, REACTOR])
        ),
        Topic(
            cluster.keys,
            1,
            {
                **kept,
                "cleanup.policy": "compact",
                "segment.ms": str(_DAY),
                "max.compaction.lag.ms": str(_DAY),
                "delete.retention.ms": str(_DAY),
                "min.cleanable.dirty.ratio": "0.01",
            },
        ),
        Topic(cluster.events, number, {**kept, **_FOR_EVER}),
        Topic(cluster.outcomes, number, messages),
        Topic(cluster.quarantine, number, {**messages, "retention.ms": str(14 * _DAY)}),
    ]


def create(cluster: Cluster, facts: Founding, replication: int) -> None:
    """Creates the topics that there are not yet. Raises LedgerError where the brokers do not."""
    admin = cluster.admin()
    try:
        for topic in topics_of(cluster, facts):
            new: Any = NewTopic(
                topic.name,
                num_partitions=topic.partitions,
                replication_factor=replication,
                topic_configs=dict(topic.settings),
            )
            try:
                admin.create_topics([new], timeout_ms=15_000, wait_for_metadata=True)
            except TopicAlreadyExistsError:
                continue
    except KafkaError as error:
        raise LedgerError(f"the topics cannot be created: {error}") from error
    finally:
        admin.close()
