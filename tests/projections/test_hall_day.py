"""A hall's day is told in order: what its people did, what its customers did, what was refused."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

from ledger.aggregates.customer import customer
from ledger.aggregates.hall import visit
from tests.projections.history import MORNING, History, after
from tests.projections.scenes import RENMIN, pay, queue, register, serve, work

TODAY = MORNING.date()
LATE = datetime.fromisoformat("2026-11-03T23:59:59+08:00")
MIDNIGHT = datetime.fromisoformat("2026-11-04T00:00:00+08:00")


def day() -> History:
    history = History(4)
    work(history, "c-li", worked=28_800, closed=1, at=after(minutes=-30))
    queue(history, "v1")
    serve(history, "v1", wait=75, handling=600, at=after(minutes=2))
    identify = visit.IdentifyCustomer(customer_id="d1", role="holder", method="identity_document")
    history.say(RENMIN, identify, visit.CustomerIdentified, at=after(minutes=3), visit="v1")
    pay(history, "p1", 12_805, "wechat_pay", at=after(minutes=5))
    history.refuse(
        "customer/d1",
        customer.WithdrawConsent(purpose="survey", via="counter"),
        "ENV-05",
        "c-li holds no valid certification real_name",
        at=after(minutes=6),
        hall="renmin",
        counter="k1",
        visit="v1",
    )
    history.refuse(RENMIN, visit.Rejoin(), "ENV-12", at=after(minutes=7), visit="v1")
    queue(history, "v7", hall="hall/binjiang", ticket=False)
    queue(history, "v8", at=LATE, ticket=False)
    queue(history, "v9", at=MIDNIGHT, ticket=False)
    return history


def told(
    folder: Path, *columns: str, hall: str = "renmin", on: date = TODAY
) -> list[tuple[Any, ...]]:
    found = day().project(folder)
    return found.execute(
        f"select {', '.join(columns)} from hall_day where hall = ? and business_on = ?", [hall, on]
    ).fetchall()


def test_a_day_reads_in_english(tmp_path: Path) -> None:
    assert [row[0] for row in told(tmp_path, "sentence")] == [
        "c-li opened a shift at counter k1 (counter), until 11-03 08:30.",
        "The shift of c-li was closed (planned end): 480 min worked, 1 visit closed.",
        "Arrived at the hall (walk in).",
        "Took ticket v1 (business counter), 0 waiting ahead.",
        "Was served at counter k1 by c-li after waiting 75 s.",
        "Was identified as holder by identity document.",
        "Paid ¥128.05 by wechat pay.",
        "c-li tried to withdraw a consent, refused by ENV-05: Restricted work is done by a clerk"
        " whose certification for it is valid on that day."
        " (c-li holds no valid certification real_name)",
        "c-li tried to join the queue again, refused by ENV-12: The interaction is allowed in the"
        " state that the stream is in.",
        "The visit was closed after 600 s: all done.",
        "Arrived at the hall (walk in).",
    ]


def test_a_day_reads_in_chinese(tmp_path: Path) -> None:
    assert [row[0] for row in told(tmp_path, "sentence_zh")] == [
        "c-li 在 k1 号台席开班（柜台），计划至 11-03 08:30。",
        "c-li 班次结束（按计划）：工作 480 分钟，办结 1 位客户。",
        "到达营业厅（直接到厅）。",
        "取号 v1（业务受理区），前面 0 人。",
        "c-li 在 k1 号台席开始接待，等候 75 秒。",
        "已识别客户身份：机主本人（身份证件）。",
        "缴费 ¥128.05（微信支付）。",
        "c-li 办理“撤回同意”，未受理：ENV-05 受限业务由当日持有效认证的营业员办理。",
        "c-li 办理“重新排队”，未受理：ENV-12 当前状态允许办理该业务。",
        "办理结束，用时 600 秒：全部办结。",
        "到达营业厅（直接到厅）。",
    ]


def test_each_line_says_who_where_and_for_whom(tmp_path: Path) -> None:
    found = told(tmp_path, "type", "actor", "counter", "visit", "customer_id", "event_number > 0")
    assert found[4:9] == [
        ("visit.started.v1", "c-li", "k1", "v1", "d1", True),
        ("visit.customer_identified.v1", "c-li", None, "v1", "d1", True),
        ("payment.received.v1", "c-li", "k1", "v1", "d1", True),
        ("customer.withdraw_consent.v1", "c-li", "k1", "v1", "d1", None),
        ("visit.rejoin.v1", "c-li", None, "v1", "d1", None),
    ]
    assert found[0] == ("shift.opened.v1", "c-li", None, None, None, True)


def test_a_day_is_of_one_hall_and_ends_at_its_midnight(tmp_path: Path) -> None:
    assert told(tmp_path / "1", "visit", hall="binjiang") == [("v7",)]
    assert told(tmp_path / "2", "visit", on=MIDNIGHT.date()) == [("v9",)]
    assert told(tmp_path / "3", "visit")[-1] == ("v8",)


def test_what_happened_in_no_hall_is_in_no_day(tmp_path: Path) -> None:
    history = History(1)
    register(history)
    withdraw = customer.WithdrawConsent(purpose="survey", via="app")
    history.say("customer/d1", withdraw, customer.ConsentWithdrawn, actor="system:app")
    found = history.project(tmp_path).execute("select type from hall_day")
    assert found.fetchall() == [("customer.registered.v1",)]


def test_each_line_leads_to_its_entry(tmp_path: Path) -> None:
    found = (
        day()
        .project(tmp_path)
        .execute(
            "select count(*), count(distinct (line.partition, line.position))"
            " from hall_day as line join audit_trail as trail using (partition, position)"
            " where line.happened_at = trail.happened_at and line.actor = trail.actor"
            " and line.hall = trail.hall"
        )
    )
    assert found.fetchall() == [(13, 13)]
