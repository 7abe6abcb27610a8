"""An owner's partition: murmur2 of the subject, as Kafka's own default partitioner has it."""

from functools import lru_cache
from typing import cast


@lru_cache(maxsize=100_000)
def partition_of(subject: str, partitions: int) -> int:
    """The partition, from 0, of the owner that `subject` names; `reference/<n>` is in its own."""
    owner, _, number = subject.partition("/")
    if owner == "reference":
        return int(number)
    # Imported late: the whole client comes with it, and commands that only read never use it.
    from kafka.partitioner.default import murmur2  # pyright: ignore[reportUnknownVariableType]

    hashed = cast(int, murmur2(subject.encode()))
    return (hashed & 0x7FFFFFFF) % partitions
