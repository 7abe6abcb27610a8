"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.model import Event
from ledger.aggregates.operator.policy.interactions import Publish, Withdraw
from ledger.policy import PolicyVersion
from ledger.values import Count, Digest


class Published(Event, Publish, tag="policy.published.v1"):
    """`fact` is the whole version: all that it and those it is based on set. `parameters_digest` is
    the SHA-256 of these, as canonical JSON."""

    fact: PolicyVersion
    fact_version: Count
    parameters_digest: Digest


class Withdrawn(Event, Withdraw, tag="policy.withdrawn.v1"):
    """`fact` is the version that never begins."""

    fact: PolicyVersion
    fact_version: Count


AnyEvent = Published | Withdrawn
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
