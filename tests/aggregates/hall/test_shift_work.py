"""Within a shift: sessions, counters, pauses, help, hand-over, overrun; each rule both ways."""

from datetime import timedelta
from typing import Any

import pytest

from ledger import policy
from ledger.aggregates.hall import case as hall_case
from ledger.aggregates.hall import drawer, shift, visit
from ledger.aggregates.model import FollowOn, Interaction, Settled
from ledger.rules import Refusal
from ledger.values import Sealed
from tests.aggregates.case import NOW, Case, later, reactions
from tests.aggregates.hall.facts import (
    ARRIVED,
    AT_K1,
    CLOCK,
    HALL,
    LAPSE,
    STARTED,
    offered,
    open_day,
    open_shift,
    shift_opened,
    taken,
)

WANG: dict[str, Any] = {"actor": "c-wang"}
SUN: dict[str, Any] = {"actor": "s-sun"}
SOON = later(hours=24)


def two_shifts(**parameters: Any) -> Case:
    """Since ten o'clock c-li stands at k1 and c-wang at k2."""
    case = open_day(**parameters).given(shift_opened("s1", "k1"))
    return case.given(shift_opened("s2", "k2"), **WANG)


def serving() -> Case:
    return two_shifts().given(ARRIVED, visit="v1").given(STARTED, **AT_K1, visit="v1")


def with_drawer(**parameters: Any) -> Case:
    """c-li has an open drawer."""
    opened = drawer.Opened(
        drawer_id="d1",
        till_id="t1",
        shift_id="s1",
        float=(drawer.Denomination(value_fen=10_000, pieces=5),),
        float_fen=50_000,
    )
    return two_shifts(**parameters).given(opened)


def log_in(session_id: str = "n1", terminal_id: str = "t1", shift_id: str = "s1") -> shift.LogIn:
    return shift.LogIn(shift_id=shift_id, session_id=session_id, terminal_id=terminal_id)


def log_out(session_id: str = "n1") -> shift.LogOut:
    return shift.LogOut(shift_id="s1", session_id=session_id, reason="clerk")


def logged_in() -> Case:
    return two_shifts().given(shift.LoggedIn.of(log_in()))


def move(counter_id: str = "k3") -> shift.MoveCounter:
    return shift.MoveCounter(shift_id="s1", counter_id=counter_id)


PAUSE = shift.Pause(shift_id="s1", reason="meal")
RESUME = shift.Resume(shift_id="s1")


def close(*, forced: bool = False) -> shift.Close:
    return shift.Close(shift_id="s1", forced=forced, reason="illness" if forced else "planned_end")


def help_wang(help_id: str = "h1", helped: str = "c-wang") -> shift.HelpColleague:
    return shift.HelpColleague(
        shift_id="s1", help_id=help_id, helped_clerk_id=helped, kind="knowledge"
    )


def confirm(help_id: str = "h1") -> shift.ConfirmHelp:
    return shift.ConfirmHelp(shift_id="s1", help_id=help_id, useful=True)


def helped() -> Case:
    """c-li helped c-wang at ten o'clock."""
    return two_shifts().given(shift.ColleagueHelped.of(help_wang()))


def hand_over(*case_ids: str, to: str = "c-wang", points: Any = None) -> shift.HandOver:
    default = ("open_cases",) if case_ids else ("nothing_open",)
    return shift.HandOver(
        shift_id="s1", to_clerk_id=to, case_ids=case_ids, points=points or default
    )


@pytest.mark.parametrize(
    "wish", [move(), PAUSE, help_wang(), hand_over(), close()], ids=lambda wish: wish.marks.type
)
def test_only_the_shifts_clerk_or_a_supervisor_acts_in_it(wish: Interaction) -> None:
    case = two_shifts().given(shift_opened("s3", "k3", "supervisor"), **SUN)
    case.when(wish, **WANG).refused("SHF-01", "c-li")
    assert not isinstance(case.when(wish, **SUN).decision, Refusal)


# Sessions


def test_a_clerk_logs_in_under_the_own_shift_only() -> None:
    case = two_shifts().given(shift_opened("s3", "k3", "supervisor"), **SUN)
    case.when(log_in(), **WANG).refused("SHF-05", "c-li")
    case.when(log_in(), **SUN).refused("SHF-05", "c-li")
    case.when(log_in()).recorded(shift.LoggedIn)


def test_a_clerk_and_a_terminal_have_one_live_session() -> None:
    case = logged_in()
    case.when(log_in("n2", "t2")).refused("SHF-06", "n1")
    case.when(log_in("n2", "t1", "s2"), **WANG).refused("SHF-06", "c-li")
    case.when(log_in("n2", "t2", "s2"), **WANG).recorded(shift.LoggedIn)
    case.given(case.when(log_out()).recorded(shift.LoggedOut))
    case.when(log_in("n2", "t1", "s2"), **WANG).recorded(shift.LoggedIn)


def test_a_session_ends_with_its_shift() -> None:
    case = logged_in()
    case.given(case.when(close()).recorded(shift.Closed))
    case.when(log_in("n2", "t1", "s2"), **WANG).recorded(shift.LoggedIn)


@pytest.mark.parametrize("who", [{}, SUN, {"actor": "system:terminal"}])
def test_a_log_out_tells_how_long_the_session_was(who: dict[str, Any]) -> None:
    event = logged_in().when(log_out(), at=later(minutes=5), **who).recorded(shift.LoggedOut)
    assert event.session_seconds == 300


def test_only_a_live_session_is_logged_out() -> None:
    two_shifts().when(log_out()).refused("SHF-07", "n1")
    logged_in().when(log_out("n2")).refused("SHF-07", "n2")
    logged_in().when(log_out(), **WANG).refused("SHF-01", "c-li")


# Counters


def test_a_clerk_moves_to_a_counter_that_is_free() -> None:
    case = two_shifts()
    case.when(move("k9")).refused("SHF-04", "k9")
    case.when(move("k2")).refused("SHF-04", "c-wang")
    case.given(case.when(move("k1")).recorded(shift.CounterMoved))
    case.given(case.when(move("k3")).recorded(shift.CounterMoved))
    assert case.register.shifts["c-li"].counter == "k3"
    arrived = case.given(ARRIVED, visit="v1")
    arrived.when(visit.Start(), **AT_K1, visit="v1").refused("ENV-06", "k3")
    arrived.when(visit.Start(), **{**AT_K1, "counter": "k3"}, visit="v1").recorded(visit.Started)


def test_a_supervisor_moves_a_clerk() -> None:
    case = two_shifts().given(shift_opened("s3", "k3", "supervisor"), **SUN)
    case.given(case.when(move("k3"), **SUN).recorded(shift.CounterMoved), **SUN)
    assert case.register.shifts["c-li"].counter == "k3"
    assert case.register.shifts["s-sun"].counter == "k3"


def test_a_clerk_who_serves_neither_moves_pauses_nor_hands_over() -> None:
    for wish in (move(), PAUSE, hand_over()):
        serving().when(wish).refused("SHF-08", "v1")


def test_a_clerk_with_an_open_drawer_stays_unless_drawers_move_with_clerks() -> None:
    with_drawer().when(move()).refused("SHF-09", "d1")
    with_drawer(cash__drawer_moves=True).when(move()).recorded(shift.CounterMoved)


# Pauses


def test_a_shift_is_paused_once_at_a_time_and_resumed_from_a_pause() -> None:
    case = two_shifts()
    case.when(RESUME).refused("SHF-10", "not paused")
    case.given(case.when(PAUSE).recorded(shift.Paused))
    case.when(PAUSE).refused("SHF-10")
    event = case.when(RESUME, at=later(minutes=20)).recorded(shift.Resumed)
    assert event.pause_seconds == 1200
    case.given(event, at=later(minutes=20)).when(PAUSE).recorded(shift.Paused)


def test_a_closed_shift_tells_its_pauses_the_last_one_running_or_not() -> None:
    case = two_shifts().given(shift.Paused.of(PAUSE))
    case.given(shift.Resumed.of(RESUME, pause_seconds=1200), at=later(minutes=20))
    closed = case.when(close(), at=later(hours=1)).recorded(shift.Closed)
    assert (closed.worked_seconds, closed.pause_seconds) == (3600, 1200)
    case.given(shift.Paused.of(PAUSE), at=later(minutes=50))
    closed = case.when(close(), at=later(hours=1)).recorded(shift.Closed)
    assert (closed.worked_seconds, closed.pause_seconds) == (3600, 1800)


def test_pauses_are_never_longer_than_the_shift() -> None:
    case = two_shifts().given(shift.Paused.of(PAUSE), at=NOW - timedelta(hours=1))
    closed = case.when(close(), at=later(minutes=1)).recorded(shift.Closed)
    assert (closed.worked_seconds, closed.pause_seconds) == (60, 60)


# Help


def test_a_colleague_on_shift_is_helped() -> None:
    case = two_shifts()
    case.when(help_wang(helped="c-li")).refused("SHF-11", "own")
    case.when(help_wang(helped="c-zhao")).refused("SHF-11", "c-zhao")
    case.given(case.when(help_wang()).recorded(shift.ColleagueHelped))
    case.when(help_wang()).refused("SHF-11", "h1")
    case.when(help_wang("h2")).recorded(shift.ColleagueHelped)


def test_help_is_confirmed_once_by_who_was_helped() -> None:
    case = helped()
    case.when(confirm("h9"), **WANG).refused("SHF-12", "h9")
    case.when(confirm(), actor="s-sun").refused("SHF-12", "c-wang")
    event = case.when(confirm(), **WANG).recorded(shift.HelpConfirmed)
    assert event.helper_clerk_id == "c-li"
    case.given(event, **WANG).when(confirm(), **WANG).refused("SHF-12", "is confirmed")


def test_help_is_confirmed_within_two_days_also_after_the_shift() -> None:
    case = helped()
    case.given(case.when(close()).recorded(shift.Closed))
    days = case.value(policy.SHIFT_HELP_CONFIRM_DAYS)
    case.when(confirm(), at=later(days=days), **WANG).recorded(shift.HelpConfirmed)
    at = later(days=days, seconds=1)
    case.when(confirm(), at=at, **WANG).refused("SHF-12", "ended")


def test_a_closed_shift_tells_how_often_its_help_was_confirmed() -> None:
    case = helped().given(shift.ColleagueHelped.of(help_wang("h2")))
    confirmed = shift.HelpConfirmed.of(confirm(), helper_clerk_id="c-li")
    event = case.given(confirmed, **WANG).when(close()).recorded(shift.Closed)
    assert event.helps_confirmed == 1


# Hand-over


def with_cases() -> Case:
    """c-li keeps o1, due in a day, and o2, due a second later; c-wang keeps o3."""
    case = two_shifts().given(
        taken("o1", due_at=SOON), taken("o2", due_at=later(hours=24, seconds=1))
    )
    return case.given(taken("o3", "c-wang", SOON))


def test_a_hand_over_names_every_case_that_falls_due_within_a_day() -> None:
    case = with_cases()
    case.when(hand_over("o2")).refused("SHF-13", "o1")
    case.when(hand_over()).refused("SHF-13", "o1")
    over, one = case.when(hand_over("o1")).recorded(shift.HandedOver, hall_case.HandedOver)
    assert over.case_ids == ("o1",)
    assert (one.case_id, one.to_clerk_id, one.from_clerk_id) == ("o1", "c-wang", "c-li")
    assert one.reason == "shift_change"


def test_a_hand_over_offers_each_case_on_its_own_stream() -> None:
    case = with_cases()
    for event in case.when(hand_over("o1", "o2")).decision:
        case.given(event)
    states = case.states
    assert [states[f"case/o{n}"].status for n in (1, 2, 3)] == ["offered", "offered", "kept"]
    assert states["shift/s1"].status == "handed_over"


def test_where_no_case_is_named_nothing_is_open_and_only_there() -> None:
    case = two_shifts()
    case.when(hand_over(points=("cash",))).refused("SHF-13", "nothing is open")
    case.when(hand_over()).recorded(shift.HandedOver)
    with_cases().when(hand_over("o1", points=("nothing_open",))).refused("SHF-13", "open")


def test_only_own_cases_that_are_offered_to_nobody_are_handed_over() -> None:
    case = with_cases()
    case.when(hand_over("o1", "o9")).refused("CAS-01", "o9")
    case.when(hand_over("o1", "o3")).refused("CAS-02", "c-wang")
    case.given(offered("o2")).when(hand_over("o1", "o2")).refused("CAS-01", "o2")


@pytest.mark.parametrize("to", ["c-li", "c-chen", "c-nobody"])
def test_cases_are_handed_over_to_another_clerk_of_the_hall(to: str) -> None:
    with_cases().when(hand_over("o1", to=to)).refused("CAS-03", to)


def test_after_a_hand_over_the_clerk_still_serves_but_hands_nothing_over_again() -> None:
    case = two_shifts().given(shift.HandedOver.of(hand_over())).given(ARRIVED, visit="v1")
    case.when(visit.Start(), **AT_K1, visit="v1").recorded(visit.Started)
    case.when(hand_over()).refused("ENV-12")


# Closing


def test_a_shift_is_not_closed_over_an_open_drawer() -> None:
    with_drawer().when(close()).refused("SHF-14", "d1")
    with_drawer().when(close(forced=True), **SUN, approver="m-he").recorded(shift.Closed)


def test_a_shift_is_not_closed_over_a_case_that_falls_due() -> None:
    case = with_cases()
    case.when(close()).refused("SHF-15", "o1")
    case.when(close(forced=True), **SUN, approver="m-he").recorded(shift.Closed)
    for event in case.when(hand_over("o1")).decision:
        case.given(event)
    case.when(close()).refused("SHF-15", "not accepted")
    case.given(hall_case.Accepted(case_id="o1"), **WANG)
    case.when(close()).recorded(shift.Closed)


def test_a_case_that_falls_due_later_does_not_keep_a_shift_open() -> None:
    case = two_shifts().given(taken("o2", due_at=later(hours=24, seconds=1)), taken("o4"))
    case.when(close()).recorded(shift.Closed)
    two_shifts().given(taken("o1", due_at=SOON)).when(close()).refused("SHF-15")


# Overrun


MARK = shift.MarkOverrun(shift_id="s1")


def opened_in_earnest() -> Case:
    case = open_day()
    return case.given(case.when(open_shift()).recorded(shift.Opened))


def test_a_shift_overruns_an_hour_after_its_planned_end_and_is_marked_once() -> None:
    case = opened_in_earnest()
    case.when(MARK, at=LAPSE - timedelta(seconds=1), **CLOCK).refused("SHF-17")
    event = case.when(MARK, at=LAPSE, **CLOCK).recorded(shift.Overrun)
    assert event.clerk_id == "c-li"
    case.given(event, **CLOCK).when(MARK, at=LAPSE, **CLOCK).refused("SHF-17", "already")
    case.when(close(), at=LAPSE).recorded(shift.Closed)


def test_an_open_shift_is_marked_at_its_time_unless_it_is_closed_before() -> None:
    case = opened_in_earnest()
    envelope = case.envelope("t", NOW)
    opened = case.when(open_shift("s9", "k3"), **WANG).recorded(shift.Opened)
    mark = shift.MarkOverrun(shift_id="s9")
    assert reactions(opened, envelope, "shift/s9") == [FollowOn("overrun", HALL, mark, LAPSE)]
    closed = case.when(close()).recorded(shift.Closed)
    assert reactions(closed, envelope, "shift/s1") == [Settled("overrun")]
    assert reactions(shift.Paused.of(PAUSE), envelope, "shift/s1") == []


# Corrections


def test_what_a_clerk_typed_in_a_shift_is_corrected_and_nothing_else() -> None:
    case = two_shifts().given(shift.Paused.of(PAUSE), id="m-pause")

    def correction(field: str) -> shift.CorrectEntry:
        return shift.CorrectEntry(
            shift_id="s1",
            wrong_entry_id="counter-app:m-pause:1",
            field=field,
            should_be=Sealed("k.x"),
            error_kind="wrong_code",
            found_by="supervisor",
            note=Sealed("k.x"),
        )

    event = case.when(correction("reason"), **SUN).recorded(shift.EntryCorrected)
    assert event.clerk_in_error == "c-li"
    case.when(correction("counter_id"), **SUN).refused("ENV-14")


# Precedence


def everything_open() -> Case:
    """c-li serves, has an open drawer and a case due, and is paused."""
    case = with_drawer().given(taken("o1", due_at=SOON), ARRIVED, visit="v1")
    return case.given(STARTED, **AT_K1, visit="v1").given(shift.Paused.of(PAUSE))


@pytest.mark.parametrize(("case", "wish", "who", "first"), [
    (everything_open(), move("k2"), WANG, "SHF-01"),
    (everything_open(), move("k2"), {}, "SHF-04"),
    (everything_open(), move("k3"), {}, "SHF-08"),
    (everything_open(), PAUSE, {}, "SHF-08"),
    (everything_open(), hand_over(to="c-li"), {}, "SHF-08"),
    (with_cases(), hand_over("o2", to="c-li"), {}, "SHF-13"),
    (with_cases(), hand_over("o1", "o9", "o3", to="c-li"), {}, "CAS-01"),
    (with_cases(), hand_over("o1", "o3", to="c-li"), {}, "CAS-02"),
    (everything_open(), close(), WANG, "SHF-01"),
    (everything_open(), close(), {}, "SHF-08"),
    (with_drawer().given(taken("o1", due_at=SOON)), close(), {}, "SHF-14"),
    (with_drawer().given(taken("o1", due_at=SOON)), close(forced=True), {}, "SHF-16"),
    (logged_in(), log_in("n2", "t1"), WANG, "SHF-05"),
    (logged_in(), log_out("n2"), WANG, "SHF-01"),
])  # fmt: skip
def test_the_first_rule_broken_is_named(
    case: Case, wish: Interaction, who: dict[str, Any], first: str
) -> None:
    case.when(wish, **who).refused(first)
