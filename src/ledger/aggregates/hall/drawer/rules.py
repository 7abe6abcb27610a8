"""The rules of a cash drawer, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

DRW_02: Final = Rule(
    "DRW-02",
    "The actor is the clerk of the open shift named at opening; once that shift has ended, a "
    "supervisor or manager stands in.",
    "操作人为开箱时所报班次的营业员; 该班次结束后由值班长或经理代办。",
)
DRW_04: Final = Rule(
    "DRW-04",
    "A clerk has one open drawer, and a till is used in one open drawer.",
    "一名营业员同时只有一个钱箱, 一台收银机同时只用于一个钱箱。",
)
DRW_05: Final = Rule(
    "DRW-05",
    "The float is the amount that the company sets.",
    "备用金须为规定金额。",
    (policy.CASH_FLOAT_FEN,),
)
DRW_06: Final = Rule(
    "DRW-06",
    "A drop is money, and at most the expected cash less the float.",
    "中途缴款须大于零, 且不超过应有现金减备用金。",
)
DRW_07: Final = Rule(
    "DRW-07", "A seal number is used once in this hall.", "封签号在本厅只使用一次。"
)
DRW_08: Final = Rule(
    "DRW-08", "Money given and money taken in a change are equal.", "换零付出与收回金额相等。"
)
DRW_09: Final = Rule(
    "DRW-09",
    "The limit is exceeded when the expected cash has been above it for some time.",
    "应有现金超过限额达到规定时间, 方记为超限。",
    (policy.CASH_DRAWER_LIMIT_FEN, policy.CASH_LIMIT_MINUTES),
)
DRW_10: Final = Rule(
    "DRW-10",
    "No visit of the drawer's clerk is in progress at the count.",
    "盘点时该营业员没有办理中的客户。",
)
DRW_11: Final = Rule(
    "DRW-11",
    "Number and sum of the terminal's journal equal those recorded here, or the gap is accepted.",
    "终端流水的笔数和金额与本账一致, 否则须注明接受差额。",
)
DRW_12: Final = Rule(
    "DRW-12",
    "The one who explains is another person than the drawer's clerk, the one who counted and the "
    "witness.",
    "差异说明人不得为钱箱营业员, 盘点人或见证人。",
)
DRW_13: Final = Rule(
    "DRW-13",
    "A missed or double entry, or a difference booked as a corrected entry, names its events.",
    "漏记, 重记或按更正入账的差异须指明相关条目。",
)
DRW_14: Final = Rule(
    "DRW-14",
    "A discrepancy is overdue, once, when the time to explain it has passed.",
    "差异超过说明时限方记为逾期, 且只记一次。",
    (policy.CASH_EXPLAIN_HOURS,),
)
DRW_15: Final = Rule(
    "DRW-15",
    "The float returned is the float received, or all the cash where there is less.",
    "交回的备用金须等于领取金额; 现金不足时全数交回。",
)
DRW_16: Final = Rule(
    "DRW-16",
    "A drawer with a difference above the tolerance is closed only when it is explained.",
    "差异超过容许额的钱箱须经说明方可结清。",
    (policy.CASH_TOLERANCE_FEN,),
)
DRW_17: Final = Rule(
    "DRW-17",
    "The deposit equals what the drawer left to deposit.",
    "缴存金额须等于应缴金额。",
)
DRW_18: Final = Rule(
    "DRW-18",
    "A bank slip number belongs to one deposit of this hall.",
    "一个银行回单号在本厅只对应一次缴存。",
)
DRW_19: Final = Rule(
    "DRW-19",
    "A deposit is overdue, once, when the day by which it is to be made has ended.",
    "超过缴存期限日终仍未缴存方记为逾期, 且只记一次。",
    (policy.CASH_DEPOSIT_DAYS,),
)
RULES: Final = (
    DRW_02, DRW_04, DRW_05, DRW_06, DRW_07, DRW_08, DRW_09, DRW_10, DRW_11, DRW_12, DRW_13, DRW_14,
    DRW_15, DRW_16, DRW_17, DRW_18, DRW_19,
)  # fmt: skip
