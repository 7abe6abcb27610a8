"""What the hall's register keeps of its drawers."""

import msgspec

from ledger.aggregates.hall.drawer import events as drawer
from ledger.aggregates.model import Event
from ledger.entry import Envelope


class OpenDrawer(msgspec.Struct, frozen=True, kw_only=True):
    clerk: str
    till: str


class Drawers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The drawers that are not closed yet, by id; for ever, every seal number and bank slip used,
    the slips each with its deposit."""

    kept: dict[str, OpenDrawer] = {}
    seals: frozenset[str] = frozenset()
    slips: dict[str, str] = {}

    def open_of(self, clerk_id: str) -> str | None:
        """The clerk's drawer that is not closed."""
        return next((each for each, of in self.kept.items() if of.clerk == clerk_id), None)

    def open_with(self, till_id: str) -> str | None:
        """The drawer in that till that is not closed."""
        return next((each for each, of in self.kept.items() if of.till == till_id), None)


def evolve(kept: Drawers, event: Event, envelope: Envelope) -> Drawers:
    replace = msgspec.structs.replace
    match event:
        case drawer.Opened():
            opened = OpenDrawer(clerk=envelope.actor, till=event.till_id)
            return replace(kept, kept={**kept.kept, event.drawer_id: opened})
        case drawer.Dropped():
            return replace(kept, seals=kept.seals | {event.seal_no})
        case drawer.Closed():
            others = {each: of for each, of in kept.kept.items() if each != event.drawer_id}
            sealed = kept.seals if event.bag_seal_no is None else kept.seals | {event.bag_seal_no}
            return replace(kept, kept=others, seals=sealed)
        case drawer.Deposited():
            return replace(kept, slips={**kept.slips, event.bank_slip_no: event.deposit_id})
        case _:
            return kept
