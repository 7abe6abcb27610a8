"""The decider of `bench.kafka` for comparison: a batch is one Kafka transaction, not read back.

What the protocol that the client speaks does not promise (see docs) is not made up for here.
"""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path
from threading import Event
from typing import Any

from kafka import KafkaProducer
from kafka.structs import OffsetAndMetadata, TopicPartition

from consumers.kafka import decider
from ledger.entry import Head, decode, leaf_hash
from ledger.logs.kafka import KafkaLog
from ledger.settings import Home, tune_interpreter


class InTransactions(KafkaLog):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._transactions = KafkaProducer(
            **self.cluster.options(),
            acks="all",
            enable_idempotence=True,
            transactional_id=f"{self.cluster.prefix}-bench",
            linger_ms=0,
            batch_size=262_144,
        )
        self._transactions.init_transactions()

    def append(self, records: Sequence[tuple[int, int, bytes]]) -> None:
        producer = self._transactions
        producer.begin_transaction()
        futures = [producer.send(self.cluster.log, record, partition=n) for n, _, record in records]
        producer.send_offsets_to_transaction(_offsets(records), "bench")
        producer.commit_transaction()
        for (partition, position, record), future in zip(records, futures, strict=True):
            self._heads[partition] = Head(partition, position, leaf_hash(record))
            offset = future.get(timeout=1).offset
            self._head_offsets[partition] = offset
            self._next[partition] = offset + 1
        self._keep(records, ())


def _offsets(records: Sequence[tuple[int, int, bytes]]) -> dict[Any, Any]:
    """How far the intake is after the batch."""
    reached: dict[Any, Any] = {}
    for partition, _, record in records:
        came = decode(record).intake
        if came is not None and came.topic is not None and came.offset is not None:
            place = TopicPartition(came.topic, partition)
            reached[place] = OffsetAndMetadata(came.offset + 1, "", -1)
    return reached


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--home", type=Path, required=True)
    tune_interpreter()
    decider.KafkaLog = InTransactions  # type: ignore[misc]
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    decider.run(Home(options.parse_args().home), stopping)


if __name__ == "__main__":
    main()
