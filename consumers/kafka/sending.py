"""What a decider writes beside the log: messages sent on, and the bytes of those it cannot read."""

from typing import Any, Final

from consumers.kafka import outcomes
from ledger.door.admit import Malformed
from ledger.logs.cluster import Cluster, Fetched, Headers, KafkaError, NoAnswer

KEPT_BYTES: Final = 900_000
"""A message of the most that a topic takes would no longer fit with what is said about it."""


class Sending:
    """Nothing is durable before `flush` returns; all of it may be written twice without harm."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._producer = cluster.producer()
        self._sent: list[Any] = []

    def send_on(self, fetched: Fetched, partition: int) -> bool:
        """Writes a message, unchanged, to another partition of its topic; False where it cannot."""
        size = len(fetched.key or b"") + len(fetched.value or b"")
        size += sum(len(name) + len(content or b"") for name, content in fetched.headers)
        if size > KEPT_BYTES:
            return False
        # A header or value that is null is sent as an empty one, which is read the same.
        headers = [(name, content or b"") for name, content in fetched.headers]
        self._write(fetched.topic, partition, fetched.value or b"", fetched.key, headers)
        return True

    def quarantine(self, fetched: Fetched, found: Malformed) -> None:
        """Keeps a message's bytes for a while, the first 900,000 at most, and where it stood."""
        headers = [
            ("topic", fetched.topic.encode()),
            ("offset", str(fetched.offset).encode()),
            ("kind", found.kind.encode()),
        ]
        value = (fetched.value or b"")[:KEPT_BYTES]
        self._write(self._cluster.quarantine, fetched.partition, value, None, headers)

    def tell(self, record: outcomes.Record) -> None:
        """Tells a source again what it was told before; who is not told asks again."""
        try:
            outcomes.send(self._cluster, self._producer, record)
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not take an outcome: {error}") from error

    def flush(self) -> None:
        """Makes durable what was written. Raises NoAnswer where the brokers do not say so."""
        if not self._sent:
            return
        sent, self._sent = self._sent, []
        try:
            self._producer.flush()
            for future in sent:
                future.get(timeout=0)
        except (KafkaError, AssertionError) as error:
            raise NoAnswer(f"the brokers do not take what is sent on: {error}") from error

    def close(self) -> None:
        self._producer.close()

    def _write(
        self, topic: str, partition: int, value: bytes, key: bytes | None, headers: Headers
    ) -> None:
        try:
            future = self._producer.send(topic, partition, value, key=key, headers=headers)
        except KafkaError as error:
            raise NoAnswer(f"the brokers do not take what is sent on: {error}") from error
        self._sent.append(future)
