"""Stored for ever: the tags are the wire names."""

from typing import Final, get_args

from ledger.aggregates.model import Event
from ledger.aggregates.operator.procedure.interactions import Publish, Withdraw
from ledger.dated import Dated
from ledger.facts import Procedure
from ledger.values import Code, Count, Digest


class Published(Event, Publish, tag="procedure.published.v1"):
    """`fact_version` counts the procedure's events; `steps_digest` is the SHA-256 of the steps in
    canonical JSON; `added` and `removed` are step ids, beside the version before."""

    fact_version: Count
    steps_digest: Digest
    added: tuple[Code, ...]
    removed: tuple[Code, ...]


class Withdrawn(Event, Withdraw, tag="procedure.withdrawn.v1"):
    """`facts` are what has force from when on; `ended` says that no version follows."""

    facts: tuple[Dated[Procedure], ...]
    ended: bool


AnyEvent = Published | Withdrawn
EVENTS: Final[tuple[type[Event], ...]] = get_args(AnyEvent)
