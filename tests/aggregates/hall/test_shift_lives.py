"""Random shifts with their cases, drawers and pauses: what holds whatever happens."""

import random
from datetime import timedelta
from typing import Any, Final, NamedTuple

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.aggregates.hall import case as hall_case
from ledger.aggregates.hall import drawer, shift, visit
from ledger.aggregates.hall import register as hall_register
from ledger.aggregates.model import Event, Interaction
from ledger.rules import Refusal
from tests.aggregates.case import Case
from tests.aggregates.hall.facts import (
    ARRIVED,
    HALL,
    OPENING,
    REACTOR,
    open_shift,
    release,
    take,
)

PLACES: Final = {"c-li": "k1", "c-wang": "k2", "s-sun": "k3"}
CLERKS: Final = tuple(PLACES)
CASES: Final = ("o1", "o2", "o3")
DUE: Final = {"o1": timedelta(hours=30), "o2": timedelta(0), "o3": timedelta(days=30)}
HOUR: Final = timedelta(hours=1)
FLOAT: Final = (drawer.Denomination(value_fen=10_000, pieces=5),)
WORK: Final = (
    "open", "close", "close", "force", "pause", "resume", "hand_over_all", "drawer",
    "take", "hand_over", "accept", "accept", "decline", "assign", "release",
    "start", "transfer", "accept_transfer", "close_visit",
)  # fmt: skip
Said = tuple[Interaction, dict[str, Any]]


class Move(NamedTuple):
    """Somebody does something: the one who should, or where not `fits` whoever comes along."""

    what: str
    clerk: str
    other: str
    case_id: str
    fits: bool = True
    minutes: int = 1


MOVES: Final = st.builds(
    Move,
    st.sampled_from(WORK),
    st.sampled_from(CLERKS),
    st.sampled_from(CLERKS),
    st.sampled_from(CASES),
    st.sampled_from((True, True, True, False)),
    st.sampled_from((0, 1, 20, 60)),
)


class Life:
    """A hall whose clerks come and go; the visit v1 has arrived."""

    def __init__(self) -> None:
        self.case = Case(HALL).given(ARRIVED, at=OPENING, visit="v1")
        self.now = OPENING
        self.history: list[Event] = []

    def live(self, move: Move) -> None:
        self.now += timedelta(minutes=move.minutes)
        wish, who = self.said(move)
        decision = self.case.when(wish, at=self.now, **who).decision
        if isinstance(decision, Refusal):
            return
        for event in decision:
            if isinstance(event, shift.Closed):
                self.leaves_nothing_behind(event)
            self.case.given(event, at=self.now, **who)
            self.history.append(event)

    def said(self, move: Move) -> Said:
        if move.what in ("take", "hand_over", "accept", "decline", "assign", "release"):
            return self._of_a_case(move)
        if move.what in ("start", "transfer", "accept_transfer", "close_visit"):
            return self._of_the_visit(move)
        return self._of_a_shift(move)

    def _of_a_shift(self, move: Move) -> Said:
        own = self.case.register.shifts.get(move.clerk)
        shift_id = own.shift_id if own is not None else f"{move.clerk}-{len(self.history)}"
        kept = tuple(case_id for case_id, _ in self.case.register.cases.kept_by(move.clerk))
        wish: Interaction
        match move.what:
            case "open":
                duty: shift.Duty = "supervisor" if move.clerk == "s-sun" else "counter"
                wish = open_shift(shift_id, PLACES[move.clerk], duty)
            case "pause":
                wish = shift.Pause(shift_id=shift_id, reason="meal")
            case "resume":
                wish = shift.Resume(shift_id=shift_id)
            case "hand_over_all":
                wish = shift.HandOver(
                    shift_id=shift_id,
                    to_clerk_id=move.other,
                    case_ids=kept if move.fits else CASES,
                    points=("open_cases",) if kept else ("nothing_open",),
                )
            case "drawer":
                wish = drawer.Open(
                    drawer_id=f"d-{shift_id}", till_id=move.clerk, shift_id=shift_id, float=FLOAT
                )
            case what:
                reason: Any = "illness" if what == "force" else "planned_end"
                wish = shift.Close(shift_id=shift_id, forced=what == "force", reason=reason)
        return wish, {"actor": move.clerk if move.fits else move.other, "approver": "m-he"}

    def _of_a_case(self, move: Move) -> Said:
        case_id = move.case_id
        state = self.case.states.get(f"case/{case_id}", hall_case.State())
        asked = state.offered_to if move.what in ("accept", "decline") else state.keeper
        who = {"actor": asked or move.clerk if move.fits else move.other}
        match move.what:
            case "take":
                return take(case_id, move.clerk, OPENING + DUE[case_id]), REACTOR
            case "release":
                return release(case_id), REACTOR
            case "accept":
                return hall_case.Accept(case_id=case_id), who
            case "decline":
                return hall_case.Decline(case_id=case_id, reason="own_load"), who
            case "assign":
                to = hall_case.Assign(
                    case_id=case_id, to_clerk_id=move.other, reason="shift_change"
                )
                return to, {"actor": "s-sun"}
            case _:
                return hall_case.HandOver(
                    case_id=case_id, to_clerk_id=move.other, reason="shift_change"
                ), who

    def _of_the_visit(self, move: Move) -> Said:
        served = self.case.states["visit/v1"].clerk
        actor = served if served and move.fits and move.what != "accept_transfer" else move.clerk
        wish: Interaction
        match move.what:
            case "start":
                wish = visit.Start()
            case "transfer":
                wish = visit.Transfer(to_counter=PLACES[move.other], reason="shift_change")
            case "accept_transfer":
                wish = visit.AcceptTransfer()
            case _:
                wish = visit.Close(outcome="all_done", follow_up_asked=False)
        return wish, {"actor": actor, "hall": "renmin", "counter": PLACES[actor], "visit": "v1"}

    def leaves_nothing_behind(self, closed: shift.Closed) -> None:
        """What SHF-08, SHF-14 and SHF-15 promise, asked of the streams and not of the register."""
        assert closed.pause_seconds <= closed.worked_seconds
        if closed.forced:
            return
        states = self.case.states
        served = states["visit/v1"]
        assert not (
            served.status == "in_progress"
            and served.transfer_to is None
            and served.clerk == closed.clerk_id
        )
        drawers = [
            state
            for name, state in states.items()
            if name.startswith(f"drawer/d-{closed.clerk_id}")
        ]
        assert all(state.status == "closed" for state in drawers)
        for case_id, kept in self.case.register.cases.open.items():
            state = states[f"case/{case_id}"]
            if state.keeper == closed.clerk_id:
                assert state.status == "kept"
                assert kept.due_at is None or kept.due_at > self.now + 24 * HOUR

    def every_case_has_one_keeper(self) -> None:
        open_cases = self.case.register.cases.open
        for case_id in CASES:
            state = self.case.states.get(f"case/{case_id}", hall_case.State())
            if state.status in ("kept", "offered"):
                known = open_cases[case_id]
                assert known.keeper == state.keeper in CLERKS
                assert known.offered_to == state.offered_to != state.keeper
                assert (state.status == "offered") == (state.offered_to is not None)
            else:
                assert case_id not in open_cases

    def the_register_knows_the_open_shifts(self) -> None:
        opened = {
            name.removeprefix("shift/"): state
            for name, state in self.case.states.items()
            if name.startswith("shift/") and state.status in ("opened", "handed_over")
        }
        shifts = self.case.register.shifts
        assert {each.shift_id for each in shifts.values()} == set(opened)
        assert all(opened[each.shift_id].clerk == clerk for clerk, each in shifts.items())


BEGINNING: Final = (
    *(Move("open", clerk, clerk, "o1") for clerk in CLERKS),
    *(Move("take", clerk, clerk, case_id) for clerk, case_id in zip(CLERKS, CASES, strict=True)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MOVES, min_size=20, max_size=60))
def test_clerks_come_and_go_and_no_case_is_without_its_keeper(many: list[Move]) -> None:
    life = Life()
    for move in (*BEGINNING, *many):
        life.live(move)
        life.every_case_has_one_keeper()
    life.the_register_knows_the_open_shifts()
    kept = msgspec.msgpack.encode(life.case.register)
    assert msgspec.msgpack.decode(kept, type=hall_register.Register) == life.case.register


def test_such_lives_come_to_every_end() -> None:
    chance = random.Random(1)
    seen: set[type[Event]] = set()
    for _ in range(20):
        life = Life()
        for move in BEGINNING:
            life.live(move)
        for _ in range(60):
            clerk, other, case_id = map(chance.choice, (CLERKS, CLERKS, CASES))
            life.live(Move(chance.choice(WORK), clerk, other, case_id))
        life.the_register_knows_the_open_shifts()
        seen |= {type(event) for event in life.history if getattr(event, "forced", False) is False}
    assert seen >= {*hall_case.EVENTS, shift.HandedOver, shift.Closed, shift.Resumed}
    assert seen >= {visit.Transferred, visit.TransferAccepted, visit.Closed, drawer.Opened}
