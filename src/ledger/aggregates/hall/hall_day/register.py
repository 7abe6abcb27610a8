"""What the hall's register counts of each business day that is not signed off yet."""

from datetime import date
from typing import Final

import msgspec

from ledger.aggregates.hall.drawer import events as drawer
from ledger.aggregates.hall.hall_day import events as hall_day
from ledger.aggregates.hall.hall_day.totals import Counts
from ledger.aggregates.hall.shift import events as shift
from ledger.aggregates.hall.visit import events as visit
from ledger.aggregates.model import Event
from ledger.entry import Envelope
from ledger.values import business_day

KEPT: Final = 40
"""How many days that nobody has signed off are kept; the oldest is forgotten first."""


class Days(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`newest` is the day opened last, signed off or not. `visits`, `shifts` and `drawers` that are
    still open, each with the day it began on. `late_entries` of the time between two days. A rating
    counts on the day it is given, or on the next day opened (`rated`, `rating_sum`) where the
    totals are `prepared` already or signed: customers rate by link at night, and must not void what
    is about to be signed."""

    newest: date | None = None
    kept: dict[date, Counts] = {}
    visits: dict[str, date] = {}
    shifts: dict[str, date] = {}
    drawers: dict[str, date] = {}
    late_entries: int = 0
    rated: int = 0
    rating_sum: int = 0
    prepared: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Opened, and not signed off yet."""
        counts = self.kept.get(day)
        return counts is not None and counts.opened

    def needs_opening(self, day: date) -> bool:
        """Newer than every day opened before: what happens on it opens it."""
        return self.newest is None or day > self.newest

    def open_before(self, day: date) -> date | None:
        """The oldest day before `day` that is not signed off."""
        return min((each for each in self.kept if each < day and self.is_open(each)), default=None)


def evolve(kept: Days, event: Event, envelope: Envelope) -> Days:
    match event:
        case hall_day.Opened() | hall_day.SignedOff() | hall_day.LateEntryNoted():
            return _day(kept, event)
        case hall_day.Prepared():
            return msgspec.structs.replace(kept, prepared=kept.prepared | {event.business_on})
        case hall_day.Withdrawn():
            return msgspec.structs.replace(kept, prepared=kept.prepared - {event.business_on})
        case drawer.Opened() | drawer.Closed():
            return _drawer(kept, event, envelope)
        case shift.Opened():
            day = business_day(envelope.time)
            return _begun(kept, "shifts", event.shift_id, day)
        case shift.Closed():
            return _ended(kept, "shifts", event.shift_id, shifts_forced=int(event.forced))
        case (
            visit.Arrived()
            | visit.TicketIssued()
            | visit.Closed()
            | visit.Abandoned()
            | visit.Lapsed()
            | visit.Rated()
        ):
            return _visit(kept, event, envelope)
        case _:
            return kept


def _day(kept: Days, event: hall_day.Opened | hall_day.SignedOff | hall_day.LateEntryNoted) -> Days:
    replace = msgspec.structs.replace
    day = event.business_on
    match event:
        case hall_day.Opened():
            counts = kept.kept.get(day, Counts())
            counts = replace(
                counts,
                opened=True,
                late_entries=kept.late_entries,
                rated=counts.rated + kept.rated,
                rating_sum=counts.rating_sum + kept.rating_sum,
            )
            since = {each: of for each, of in kept.kept.items() if of.opened or each > day}
            days = _newest({**since, day: counts})
            return replace(kept, newest=day, kept=days, late_entries=0, rated=0, rating_sum=0)
        case hall_day.SignedOff():
            without = {each: of for each, of in kept.kept.items() if each != day}
            return replace(kept, kept=without, prepared=kept.prepared - {day})
        case hall_day.LateEntryNoted():
            if kept.is_open(day):
                return _counted(kept, day, late_entries=1)
            return replace(kept, late_entries=kept.late_entries + 1)


def _drawer(kept: Days, event: drawer.Opened | drawer.Closed, envelope: Envelope) -> Days:
    if isinstance(event, drawer.Opened):
        return _begun(kept, "drawers", event.drawer_id, business_day(envelope.time))
    return _ended(
        kept,
        "drawers",
        event.drawer_id,
        drawers_closed=1,
        drawer_short_fen=max(0, -event.difference_fen),
        drawer_over_fen=max(0, event.difference_fen),
        to_deposit_fen=event.to_deposit_fen,
    )


def _visit(
    kept: Days,
    event: visit.Arrived
    | visit.TicketIssued
    | visit.Closed
    | visit.Abandoned
    | visit.Lapsed
    | visit.Rated,
    envelope: Envelope,
) -> Days:
    visit_id, day = envelope.visit or "", business_day(envelope.time)
    match event:
        case visit.Arrived():
            return _begun(kept, "visits", visit_id, day, visits_arrived=1)
        case visit.TicketIssued():
            return _counted(kept, event.business_on, tickets_issued=1)
        case visit.Closed():
            return _ended(kept, "visits", visit_id, visits_completed=1)
        case visit.Abandoned():
            return _ended(kept, "visits", visit_id, visits_abandoned=1)
        case visit.Lapsed():
            missed = int(event.outcome == "no_show")
            return _ended(
                kept, "visits", visit_id, visits_no_show=missed, visits_abandoned=1 - missed
            )
        case visit.Rated():
            is_free = day not in kept.prepared and (kept.is_open(day) or kept.needs_opening(day))
            if is_free:
                return _counted(kept, day, rated=1, rating_sum=event.score)
            return msgspec.structs.replace(
                kept, rated=kept.rated + 1, rating_sum=kept.rating_sum + event.score
            )


def _begun(kept: Days, what: str, identity: str, day: date, **more: int) -> Days:
    """One more is open, of a day that is not signed off."""
    counted = _counted(kept, day, **more)
    if day not in counted.kept:
        return kept
    return msgspec.structs.replace(counted, **{what: {**getattr(kept, what), identity: day}})


def _ended(kept: Days, what: str, identity: str, **more: int) -> Days:
    """It counts for the day that it began on."""
    still: dict[str, date] = getattr(kept, what)
    day = still.get(identity)
    if day is None:
        return kept
    without = {each: of for each, of in still.items() if each != identity}
    return _counted(msgspec.structs.replace(kept, **{what: without}), day, **more)


def _counted(kept: Days, day: date, **more: int) -> Days:
    """The day's counts are so much higher; a day that is signed off has none any more."""
    counts = kept.kept.get(day)
    if counts is None:
        if not kept.needs_opening(day):
            return kept
        counts = Counts()
    higher = {name: getattr(counts, name) + amount for name, amount in more.items()}
    counts = msgspec.structs.replace(counts, **higher)
    return msgspec.structs.replace(kept, kept=_newest({**kept.kept, day: counts}))


def _newest(days: dict[date, Counts]) -> dict[date, Counts]:
    if len(days) <= KEPT:
        return days
    return {day: days[day] for day in sorted(days)[-KEPT:]}
