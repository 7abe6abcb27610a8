"""What the hall's register keeps of cases: those that are not released, and who has them."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from ledger.aggregates.copies import CaseKind
from ledger.aggregates.hall.case import events as case
from ledger.aggregates.model import Event
from ledger.entry import Envelope


class OpenCase(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`keeper` has it, also while it is offered."""

    kind: CaseKind
    keeper: str
    offered_to: str | None = None
    due_at: datetime | None = None


class Cases(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The hall's open cases by id."""

    open: dict[str, OpenCase] = {}

    def kept_by(self, clerk_id: str) -> Iterator[tuple[str, OpenCase]]:
        """The cases that the clerk keeps and has offered to nobody."""
        for case_id, kept in self.open.items():
            if kept.keeper == clerk_id and kept.offered_to is None:
                yield case_id, kept

    def due_with(self, clerk_id: str, until: datetime) -> frozenset[str]:
        """Those of them that fall due by `until`, or have fallen due already."""
        return frozenset(
            case_id
            for case_id, kept in self.kept_by(clerk_id)
            if kept.due_at is not None and kept.due_at <= until
        )

    def offered_by(self, clerk_id: str) -> frozenset[str]:
        """The cases that the clerk has offered and nobody has accepted."""
        return frozenset(
            case_id
            for case_id, kept in self.open.items()
            if kept.keeper == clerk_id and kept.offered_to is not None
        )


def evolve(kept: Cases, event: Event, envelope: Envelope) -> Cases:
    replace = msgspec.structs.replace
    match event:
        case case.Taken():
            taken = OpenCase(kind=event.kind, keeper=event.keeper_clerk_id, due_at=event.due_at)
            return Cases(open={**kept.open, event.case_id: taken})
        case case.HandedOver():
            return _now(kept, event.case_id, offered_to=event.to_clerk_id)
        case case.Accepted():
            return _now(kept, event.case_id, keeper=envelope.actor, offered_to=None)
        case case.HandOverDeclined():
            return _now(kept, event.case_id, offered_to=None)
        case case.Assigned():
            return _now(kept, event.case_id, keeper=event.to_clerk_id, offered_to=None)
        case case.Released():
            return replace(kept, open={k: v for k, v in kept.open.items() if k != event.case_id})
        case _:
            return kept


def _now(kept: Cases, case_id: str, **changed: str | None) -> Cases:
    now = msgspec.structs.replace(kept.open[case_id], **changed)
    return Cases(open={**kept.open, case_id: now})
