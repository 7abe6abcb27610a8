"""A customer's history is one readable sentence per event and refusal, in two languages."""

from pathlib import Path

from ledger.aggregates.customer import customer
from ledger.aggregates.hall import visit
from tests.projections.history import History, after
from tests.projections.scenes import RENMIN, pay, queue, register, serve

WITHDRAW = customer.WithdrawConsent(purpose="marketing_sms", via="sms")


def told(history: History, folder: Path, language: str, customer_id: str = "d1") -> list[str]:
    found = history.project(folder).execute(
        f"select {language} from customer_history where customer_id = ?", [customer_id]
    )
    return [row[0] for row in found.fetchall()]


def story() -> History:
    """Told out of order: the visit is identified late, and the consent was withdrawn earlier."""
    history = History(2)
    register(history, at=after(minutes=-10))
    queue(history, "v1")
    serve(history, "v1", wait=75, handling=600, score=5, at=after(minutes=2))
    identify = visit.IdentifyCustomer(customer_id="d1", role="holder", method="identity_document")
    history.say(RENMIN, identify, visit.CustomerIdentified, at=after(minutes=3), visit="v1")
    pay(history, "p1", 12_805, "wechat_pay", at=after(minutes=5))
    history.refuse("customer/d1", WITHDRAW, "ENV-12", "not now", at=after(minutes=6))
    history.refuse(RENMIN, visit.Rejoin(), "ENV-12", at=after(minutes=7), visit="v1")
    history.say("customer/d1", WITHDRAW, customer.ConsentWithdrawn, at=after(minutes=-9))
    queue(history, "v2")
    pay(history, "p2", 1, customer_id="d2")
    return history


def test_a_history_reads_in_english(tmp_path: Path) -> None:
    assert told(story(), tmp_path, "sentence") == [
        "Was registered as a customer (person).",
        "Withdrew the consent to marketing sms.",
        "Arrived at the hall (walk in).",
        "Took ticket v1 (business counter), 0 waiting ahead.",
        "Was served at counter k1 by c-li after waiting 75 s.",
        "Was identified as holder by identity document.",
        "Paid ¥128.05 by wechat pay.",
        "c-li tried to withdraw a consent, refused by ENV-12: The interaction is allowed in the"
        " state that the stream is in. (not now)",
        "c-li tried to join the queue again, refused by ENV-12: The interaction is allowed in the"
        " state that the stream is in.",
        "The visit was closed after 600 s: all done.",
        "Rated the visit 5 of 5.",
    ]


def test_a_history_reads_in_chinese(tmp_path: Path) -> None:
    assert told(story(), tmp_path, "sentence_zh") == [
        "建立客户档案（个人）。",
        "撤回同意：短信营销。",
        "到达营业厅（直接到厅）。",
        "取号 v1（业务受理区），前面 0 人。",
        "c-li 在 k1 号台席开始接待，等候 75 秒。",
        "已识别客户身份：机主本人（身份证件）。",
        "缴费 ¥128.05（微信支付）。",
        "c-li 办理“撤回同意”，未受理：ENV-12 当前状态允许办理该业务。",
        "c-li 办理“重新排队”，未受理：ENV-12 当前状态允许办理该业务。",
        "办理结束，用时 600 秒：全部办结。",
        "评价 5 分（满分 5 分）。",
    ]


def test_each_line_leads_to_its_entry(tmp_path: Path) -> None:
    found = (
        story()
        .project(tmp_path)
        .execute(
            "select count(*) from customer_history as line join audit_trail as trail"
            " using (partition, position) where line.happened_at = trail.happened_at"
            " and line.actor = trail.actor"
        )
    )
    assert found.fetchall() == [(12,)]
