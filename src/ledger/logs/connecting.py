"""What the clients of Kafka share: how long they wait, and what they say where none answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from kafka.errors import KafkaError
from kafka.net.compat import KafkaNetClient

from ledger.entry import LedgerError

WAIT_SECONDS: Final = 30.0
"""The longest that anything waits for the brokers before it says that they do not answer."""


class NoAnswer(LedgerError):  # noqa: N818 (it may answer again)
    """The brokers do not answer, or not in time; trying again later may help."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long anything waits for brokers: for one request, for what is written, and in all."""

    request_seconds: float = 10.0
    delivery_seconds: float = 20.0
    wait_seconds: float = WAIT_SECONDS


@dataclass(frozen=True, slots=True)
class Connection:
    """What every client of a cluster is told, and how long it waits."""

    servers: tuple[str, ...]
    options: Mapping[str, Any]
    bounds: Bounds


def connected(connection: Connection, kind: Callable[..., Any], **options: Any) -> Any:
    """A client of the library's, with these options beside those of all.

    Raises NoAnswer where no broker answers.
    """
    begun: list[Any] = []

    def client(**settings: Any) -> Any:
        begun.append(KafkaNetClient(**settings))
        return begun[-1]

    try:
        return kind(kafka_client=client, **connection.options, **options)
    except (KafkaError, OSError, ValueError) as error:
        # The library leaves it open, with its thread, at each attempt.
        for each in begun:
            each.close()
        raise NoAnswer(
            f"no broker answers at {', '.join(connection.servers)}: {error or type(error).__name__}"
        ) from error
