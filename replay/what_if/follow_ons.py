"""What follows in both worlds: the recorded one, and the one that would be.

A follow-on that has its recorded entry still to come is *expected* there, if it is caused with the
same time; any other that only the changed world causes is made: at once, or when it is due. One
that the recorded world causes too and has no entry of (a settled timer, one that is not due yet)
is made only where the recorded world settles it and the changed one does not.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from consumers.reactor import Key, Pending, pending_of, timer_of
from ledger.aggregates.model import Cause, FollowOn
from ledger.decide import react
from ledger.entry import Entry
from ledger.policy import Policy
from ledger.reference import Reference
from ledger.wire import Happened
from replay.what_if.order import sent_when

Reaction = Pending | str
"""A follow-on, or the name of a timer that is settled."""


class Caused(msgspec.Struct, frozen=True):
    """A follow-on, and the finding that made it what it is; None where the policy did."""

    pending: Pending
    because: str | None


class Gone(msgspec.Struct, frozen=True):
    """Why a recorded follow-on would not have happened; `instead_at` where at another time."""

    sentence: str
    because: str | None
    instead_at: datetime | None = None


class _Timer(msgspec.Struct, frozen=True):
    """`shared` by the recorded world, which has no entry of it."""

    caused: Caused
    shared: bool


def reactions(
    happened: Sequence[Happened],
    reference: Reference,
    in_force: Policy,
    partitions: Callable[[], Iterable[int]],
) -> list[Reaction]:
    """What follows from the events of one entry, in order."""
    found: list[Reaction] = []
    for number, each in enumerate(happened, 1):
        cause = Cause(each.envelope, each.stream, reference, in_force)
        for reaction in react(each.event, cause):
            if isinstance(reaction, FollowOn):
                found += pending_of(reaction, cause, number, partitions)
            else:
                found.append(timer_of(reaction, cause))
    return found


class FollowOns:
    def __init__(self, to_come: Mapping[int, int]) -> None:
        """`to_come` are the recorded ones that were not passed yet, as `order.Ahead` has them."""
        self._to_come = to_come
        self._expected: dict[Key, Caused] = {}
        self._expected_timers: dict[str, Key] = {}
        self._timers: dict[str, _Timer] = {}
        self._due: list[tuple[datetime, Key, str]] = []
        self._at_once: deque[Caused] = deque()
        self._gone: dict[Key, Gone] = {}

    def arrive(self, key: Key) -> Caused | None:
        """The follow-on whose recorded place is reached; None where it would not have happened."""
        caused = self._expected.pop(key, None)
        timer = caused.pending.timer if caused is not None else None
        if timer is not None and self._expected_timers.get(timer) == key:
            del self._expected_timers[timer]
        return caused

    def why_gone(self, key: Key) -> Gone:
        return self._gone.pop(key, Gone("what it follows from would not have happened", None))

    def take(
        self, recorded: Sequence[Reaction], changed: Sequence[Reaction], because: str | None
    ) -> None:
        """Takes in what follows from one entry in either world."""
        shared = {_identity(each) for each in recorded if isinstance(each, Pending)}
        settled = {name for each in recorded if (name := _settles(each)) is not None}
        for each in changed:
            name = _settles(each)
            if name is not None:
                self._settle(name, name in settled, because)
            if isinstance(each, Pending):
                self._place(Caused(each, because), _identity(each) in shared)
        if changed is not recorded:
            self._diverge(recorded, changed, because)

    def next_at_once(self) -> Caused | None:
        """The next that is made now."""
        return self._at_once.popleft() if self._at_once else None

    def next_due(self, before: Entry) -> Caused | None:
        """The next timer that is made before a recorded entry.

        Timers go in the order they fall due, and before whatever is said at the same moment.
        """
        while self._due:
            due_at, key, name = self._due[0]
            if (due_at, key) > _turn(before):
                return None
            heapq.heappop(self._due)
            timer = self._timers.get(name)
            if timer is not None and not timer.shared and timer.caused.pending.key == key:
                del self._timers[name]
                return timer.caused
        return None

    @property
    def waiting(self) -> int:
        """How many timers that only the changed world has are not due yet."""
        return sum(not timer.shared for timer in self._timers.values())

    def _place(self, caused: Caused, shared: bool) -> None:
        pending = caused.pending
        when = sent_when(pending.due_at, pending.envelope.time)
        if self._to_come.get(hash(pending.key)) == when:
            self._expected[pending.key] = caused
            self._gone.pop(pending.key, None)
            if pending.timer is not None:
                self._expected_timers[pending.timer] = pending.key
        elif pending.timer is not None:
            self._timers[pending.timer] = _Timer(caused, shared)
            if not shared:
                self._fall_due(pending)
        elif not shared:
            self._at_once.append(caused)

    def _fall_due(self, pending: Pending) -> None:
        assert pending.due_at is not None
        assert pending.timer is not None
        heapq.heappush(self._due, (pending.due_at, pending.key, pending.timer))

    def _settle(self, name: str, recorded_too: bool, because: str | None) -> None:
        self._timers.pop(name, None)
        if recorded_too:
            # Where it has an entry all the same, two processes overtook each other.
            return
        key = self._expected_timers.pop(name, None)
        if key is not None:
            del self._expected[key]
            self._gone[key] = Gone("it would have been settled before", because)

    def _diverge(
        self, recorded: Sequence[Reaction], changed: Sequence[Reaction], because: str | None
    ) -> None:
        """What the recorded world alone settles goes on here; what it alone causes is gone."""
        settled = {_settles(each) for each in changed}
        caused = {each.key: each for each in changed if isinstance(each, Pending)}
        for each in recorded:
            name = _settles(each)
            timer = self._timers.get(name) if name is not None else None
            if name is not None and timer is not None and timer.shared and name not in settled:
                own = Caused(timer.caused.pending, timer.caused.because or because)
                self._timers[name] = _Timer(own, shared=False)
                self._fall_due(own.pending)
            if isinstance(each, Pending) and hash(each.key) in self._to_come:
                instead = caused.get(each.key)
                if instead is None:
                    self._gone[each.key] = Gone("nothing would have led to it", because)
                elif _identity(instead) != _identity(each):
                    self._gone[each.key] = _otherwise(instead, because)


def _turn(entry: Entry) -> tuple[datetime, Key]:
    """Up to which timers are made before the entry: none before what follows at once."""
    said = entry.interaction
    assert said is not None
    if said.cause is None:
        return entry.recorded_at, _LAST
    if said.due_at is None:
        return _NEVER, _LAST
    return said.due_at, (said.subject, said.id)


_LAST: Final[Key] = ("\U0010ffff", "")
_NEVER: Final = datetime.fromisoformat("0001-01-01T00:00:00+00:00")


def _identity(pending: Pending) -> tuple[Key, datetime | None, datetime]:
    return pending.key, pending.due_at, pending.envelope.time


def _settles(reaction: Reaction) -> str | None:
    """The timer that it ends; a timer takes the place of the one before it."""
    return reaction if isinstance(reaction, str) else reaction.timer


def _otherwise(instead: Pending, because: str | None) -> Gone:
    moment = instead.due_at or instead.envelope.time
    return Gone("it would have happened at another time", because, moment)
