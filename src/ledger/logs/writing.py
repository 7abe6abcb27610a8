"""A client that writes records to Kafka."""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from contextlib import suppress
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from ledger.logs.connecting import Connection, connected
from ledger.logs.reading import Headers

MAX_MESSAGE_BYTES: Final = 1_000_000


class Producer:
    """Writes records; whether one was written is known from reading it back, never from here.

    The library's producer may be stuck for ever once an answer was lost. So one that fails is given
    up, with what it had not written, and the next record is written by another.
    """

    def __init__(self, connection: Connection, linger_seconds: float = 0.0) -> None:
        self._connection = connection
        self._linger_seconds = linger_seconds
        self._producer: Any = self._make()

    def send(
        self,
        topic: str,
        partition: int,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
    ) -> Any:
        """Hands a record over; its future has the offset. Raises KafkaError where it cannot."""
        producer = self._producer = self._producer or self._make()
        try:
            return producer.send(
                topic, value=value, key=key, headers=list(headers), partition=partition
            )
        except KafkaError:
            self._give_up()
            raise

    def flush(self, seconds: float | None = None) -> None:
        """Waits until all that was sent is written or given up. Raises KafkaError after so long."""
        if self._producer is None:
            return
        try:
            bound = self._connection.bounds.wait_seconds
            self._producer.flush(timeout=bound if seconds is None else seconds)
        except KafkaError:
            self._give_up()
            raise

    def close(self) -> None:
        """Waits a few seconds for what was sent, and gives up the rest."""
        if self._producer is None:
            return
        try:
            self._producer.close(timeout=5)
        except KafkaError:
            self._give_up()

    def _give_up(self) -> None:
        stuck, self._producer = self._producer, None
        # Else its thread would live on, and might write yet.
        stuck._sender.force_close()
        stuck._sender.join(1)
        with suppress(KafkaError):
            stuck.close(timeout=0)

    def _make(self) -> Any:
        bounds = self._connection.bounds
        return connected(
            self._connection,
            KafkaProducer,
            allow_auto_create_topics=False,
            acks="all",
            enable_idempotence=True,
            max_in_flight_requests_per_connection=5,
            linger_ms=int(self._linger_seconds * 1000),
            batch_size=262_144,
            max_request_size=MAX_MESSAGE_BYTES,
            max_block_ms=int(bounds.request_seconds * 1000),
            request_timeout_ms=int(bounds.request_seconds * 1000),
            delivery_timeout_ms=int(bounds.delivery_seconds * 1000),
        )
