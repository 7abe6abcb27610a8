"""Where Kafka is, what the ledger's topics are called, and clients whose every setting is said.

    kafka://host:9092,host2:9092/counter

The path is the prefix of the topics, `counter` where there is none. TLS and SASL come from the
environment: LEDGER_KAFKA_CA, _CERT and _KEY (files in PEM), _SASL (PLAIN, SCRAM-SHA-256 or
SCRAM-SHA-512), _USER and _PASSWORD.
"""

import os
import re
from dataclasses import dataclass, field
from typing import Any, Final, Self

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from ledger.entry import LedgerError
from ledger.logs.connecting import WAIT_SECONDS, Bounds, Connection, NoAnswer, connected
from ledger.logs.membership import GroupConsumer, Mark
from ledger.logs.reading import FETCH_SECONDS, Fetched, Headers, OffsetLost, Tail
from ledger.logs.writing import MAX_MESSAGE_BYTES, Producer

__all__ = [
    "MAX_MESSAGE_BYTES",
    "WAIT_SECONDS",
    "Bounds",
    "Cluster",
    "Fetched",
    "GroupConsumer",
    "Headers",
    "KafkaError",
    "Mark",
    "NoAnswer",
    "OffsetLost",
    "Producer",
    "Tail",
]

_ADDRESS: Final = re.compile(r"^kafka://([^/\s]+?)(?:/([A-Za-z0-9._-]{1,80}))?/?$")


@dataclass(frozen=True, slots=True)
class Cluster:
    """The brokers and the prefix of the ledger's topics; makes clients, connects to nothing."""

    servers: tuple[str, ...]
    prefix: str = "counter"
    bounds: Bounds = field(default_factory=Bounds)

    @classmethod
    def at(cls, address: str) -> Self:
        """Reads `kafka://…`. Raises LedgerError where it is no such address."""
        found = _ADDRESS.match(address)
        if found is None:
            raise LedgerError(f"{address} is no address of a log: kafka://host:9092 is expected")
        return cls(tuple(found[1].split(",")), found[2] or "counter")

    @property
    def log(self) -> str:
        """The system of record: one record an entry, a partition of its own a ledger's."""
        return f"{self.prefix}.ledger"

    @property
    def keys(self) -> str:
        """The vault's wrapped keys."""
        return f"{self.prefix}.keys"

    @property
    def events(self) -> str:
        """One CloudEvent an event, for whoever follows what happened."""
        return f"{self.prefix}.events"

    @property
    def outcomes(self) -> str:
        """One record a message: what became of it, for its source."""
        return f"{self.prefix}.outcomes"

    @property
    def quarantine(self) -> str:
        """The bytes of messages that could not be read."""
        return f"{self.prefix}.quarantine"

    def interactions(self, source: str) -> str:
        """The topic that only this source may write."""
        return f"{self.prefix}.interactions.{source}"

    def source_of(self, topic: str) -> str:
        return topic.removeprefix(f"{self.prefix}.interactions.")

    def producer(self, linger_seconds: float = 0.0) -> Producer:
        """With `linger_seconds`, what is sent within it is held back for a flush, and goes as one.

        As one means up to 262,144 bytes a partition: they are written whole or not at all.
        """
        return Producer(self.connection, linger_seconds)

    def tail(self, fetch_seconds: float = FETCH_SECONDS) -> Tail:
        return Tail(self.connection, fetch_seconds)

    def group(self, name: str) -> GroupConsumer:
        return GroupConsumer(self.connection, f"{self.prefix}.{name}")

    def admin(self) -> Any:
        """The library's own administration client. Raises LedgerError where no broker answers."""
        return connected(self.connection, KafkaAdminClient, request_timeout_ms=15_000)

    @property
    def connection(self) -> Connection:
        return Connection(self.servers, self.options(), self.bounds)

    def options(self) -> dict[str, Any]:
        """What every client is told."""
        told = os.environ
        ca, user = told.get("LEDGER_KAFKA_CA"), told.get("LEDGER_KAFKA_USER")
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "client_id": "ledger",
            "bootstrap_timeout_ms": 10_000,
            "security_protocol": f"{'SASL_' if user else ''}{'SSL' if ca else 'PLAINTEXT'}",
            "reconnect_backoff_ms": 50,
            "reconnect_backoff_max_ms": 1_000,
            # A request of the client for new topics may get lost; it asks again then.
            "metadata_max_age_ms": 30_000,
        }
        if ca:
            options["ssl_cafile"] = ca
            options["ssl_certfile"] = told.get("LEDGER_KAFKA_CERT")
            options["ssl_keyfile"] = told.get("LEDGER_KAFKA_KEY")
        if user:
            options["sasl_mechanism"] = told.get("LEDGER_KAFKA_SASL", "SCRAM-SHA-512")
            options["sasl_plain_username"] = user
            options["sasl_plain_password"] = told.get("LEDGER_KAFKA_PASSWORD", "")
        return options


MAX_LOG_MESSAGE: Final = MAX_MESSAGE_BYTES
"""What the topic of the log takes at once. A broker measures whole batches of records: one that is
over the limit is cut apart and sent again, and its writer is told nothing in between."""
