"""The rules of a payment, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

PAY_01: Final = Rule(
    "PAY-01",
    "The amount equals the sum of the items, each under an id of its own.",
    "缴费金额等于各明细之和, 明细编号不得重复。",
)
PAY_02: Final = Rule(
    "PAY-02",
    "A bill, deposit, arrears or late fee item names a line of this customer; a bill item an "
    "unsettled bill and at most what is outstanding of it.",
    "账单, 押金, 欠费, 滞纳金明细须指明该客户名下的号码; 账单须未结清且不超过其未结金额。",
)
PAY_03: Final = Rule(
    "PAY-03",
    "An exit fee item names a standing lock; an order fee or device item names an open order.",
    "违约金明细须指明有效合约, 业务费和终端款须指明未完结订单。",
)
PAY_04: Final = Rule(
    "PAY-04",
    "A correlator id is used for one payment of this customer.",
    "同一交易关联号只对应该客户的一笔缴费。",
)
PAY_05: Final = Rule(
    "PAY-05",
    "The correlator id is that of the payment begun.",
    "交易关联号须与发起时一致。",
)
PAY_06: Final = Rule(
    "PAY-06",
    "The amount, method and items received equal those begun.",
    "实收的金额, 方式和明细须与发起时一致。",
)
PAY_07: Final = Rule(
    "PAY-07",
    "A cash payment names drawer, shift and at least the amount tendered; notes are checked.",
    "现金缴费须注明钱箱, 班次, 实收金额不少于应收, 并按规定验钞。",
    (policy.CASH_CHECK_FROM_FEN,),
)
PAY_08: Final = Rule(
    "PAY-08",
    "Cash in or out names a drawer, and money that is no cash names none.",
    "现金收付须注明钱箱, 非现金不得注明钱箱。",
)
PAY_09: Final = Rule(
    "PAY-09",
    "Card or wallet names terminal and reference, a transfer its reference; much cash two people.",
    "刷卡和钱包缴费须带终端号与凭证号, 转账须带凭证号, 大额现金须双人。",
    (policy.CASH_SELF_LIMIT_FEN,),
)
PAY_10: Final = Rule(
    "PAY-10",
    "An unknown result is settled by the provider's word, never by the clerk's.",
    "结果不明的缴费只能由支付渠道确认, 不得由营业员认定。",
)
PAY_11: Final = Rule(
    "PAY-11",
    "Allocations never exceed the amount received less what is refunded.",
    "分摊金额不得超过实收减退款。",
)
PAY_12: Final = Rule(
    "PAY-12",
    "An allocation, under a new id, is for what the money came for, or names an unsettled bill, "
    "an open order, a standing lock or a line of this customer.",
    "分摊使用新编号, 须与缴费明细一致, 或指明该客户的未结账单, 未完结订单, 有效合约或号码。",
    (policy.ALLOCATION_ORDER,),
)
PAY_13: Final = Rule(
    "PAY-13",
    "A reallocation names an allocation in force and takes at most its amount.",
    "调整分摊须指明有效分摊, 且不超过其金额。",
)
PAY_14: Final = Rule(
    "PAY-14",
    "One receipt per payment and one payment per receipt number.",
    "一笔缴费一张收据, 一个收据号只用一次。",
)
PAY_15: Final = Rule(
    "PAY-15",
    "The receipt's amount equals the amount received.",
    "收据金额等于实收金额。",
    (policy.RECEIPT_REQUIRED,),
)
PAY_16: Final = Rule(
    "PAY-16",
    "Invoices in force are at most the amount less refunds; one ends by its credit note, once.",
    "有效发票合计不超过实收减退款; 发票凭红字发票冲销一次。",
)
PAY_17: Final = Rule("PAY-17", "A payment is reversed once, and whole.", "缴费只能整笔冲正一次。")
PAY_18: Final = Rule(
    "PAY-18",
    "A reversal is on the day of the payment, except a bank's chargeback.",
    "冲正须在缴费当日, 银行拒付除外。",
    (policy.REVERSE_SAME_DAY,),
)
PAY_19: Final = Rule(
    "PAY-19",
    "A payment with a refund or an invoice in force is not reversed.",
    "已有退款或有效发票的缴费不得冲正。",
)
PAY_20: Final = Rule(
    "PAY-20",
    "The refunds requested, approved or done are together at most the amount received.",
    "申请中, 已批准和已退的退款合计不超过实收金额。",
)
PAY_21: Final = Rule(
    "PAY-21",
    "A refund is requested under a new id by the owner, an agent in scope, or the system.",
    "退款由机主, 授权代办人或系统以新编号申请。",
)
PAY_22: Final = Rule(
    "PAY-22",
    "The decision names a refund that waits for it.",
    "审批须针对待审批的退款。",
)
PAY_23: Final = Rule(
    "PAY-23",
    "Neither who received the money nor who requested the refund approves it.",
    "收款人和退款申请人不得为复核人。",
)
PAY_24: Final = Rule(
    "PAY-24",
    "A refund is paid after approval, by the method the money came by unless identity is verified.",
    "退款须先批准并原路退回, 更换方式须有效核验身份。",
    (policy.REFUND_SAME_METHOD, policy.VERIFICATION_VALID_HOURS),
)
PAY_25: Final = Rule(
    "PAY-25",
    "A cash refund of a deposit is paid to the owner with a current verification.",
    "现金退押金须机主本人并持有效身份核验。",
    (policy.VERIFICATION_VALID_HOURS,),
)
PAY_26: Final = Rule(
    "PAY-26",
    "Only an approved refund that is not yet paid becomes overdue, after its days have passed.",
    "仅已批准未支付且超期的退款记为逾期。",
    (policy.REFUND_PAY_DAYS,),
)
RULES: Final = (
    PAY_01, PAY_02, PAY_03, PAY_04, PAY_05, PAY_06, PAY_07, PAY_08, PAY_09, PAY_10, PAY_11, PAY_12,
    PAY_13, PAY_14, PAY_15, PAY_16, PAY_17, PAY_18, PAY_19, PAY_20, PAY_21, PAY_22, PAY_23, PAY_24,
    PAY_25, PAY_26,
)  # fmt: skip
