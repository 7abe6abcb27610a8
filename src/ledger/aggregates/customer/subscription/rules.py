"""The rules of a line, in their order of precedence."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

ARTICLE_33: Final = "Telecom Regulation art 33"
ARTICLE_34: Final = "Telecom Regulation art 34"

SUB_01: Final = Rule(
    "SUB-01",
    "A line is prepared from an acknowledged order that adds one, with the item's family and plan.",
    "号码须由已受理的新装订单预配, 业务类型, 套餐和月费与订单明细一致。",
)
SUB_02: Final = Rule(
    "SUB-02",
    "A change by order names the order for this line, of the kind, in its state, and its item.",
    "按订单变更须指明本号码的同类在办订单及其明细, 内容一致; 撤销和保留须订单已终止。",
)
SUB_03: Final = Rule(
    "SUB-03",
    "A person's counted lines, with those of linked files, are at most the legal number.",
    "个人名下计数号码(含关联档案)不得超过规定数量。",
    (policy.MAX_ACTIVE_NUMBERS, policy.COUNTED_FAMILIES),
    "joint notice of six departments 2016, point 4",
)
SUB_04: Final = Rule(
    "SUB-04",
    "A suspension reason is added once while it stands.",
    "同一停机原因在解除前只记一次。",
)
SUB_05: Final = Rule(
    "SUB-05",
    "A suspension at the owner's wish rests on a verification or an order; a loss on the word.",
    "机主申请停机须有效核验身份或停机订单; 挂失凭机主口述即办。",
    (policy.LOSS_NEEDS_DOCUMENT, policy.VERIFICATION_VALID_HOURS),
)
SUB_06: Final = Rule(
    "SUB-06",
    "A suspension for arrears follows a notice, and the days that the law gives to pay.",
    "欠费停机须先通知, 且欠费满规定天数。",
    (policy.SUSPEND_AFTER_DAYS,),
    ARTICLE_34,
)
SUB_07: Final = Rule(
    "SUB-07",
    "A suspension for fraud or identity names the way to be heard and the documents needed.",
    "涉诈或重新核验停机须告知申诉渠道和所需材料。",
    (),
    "Anti-fraud Law art 32(3)",
)
SUB_08: Final = Rule(
    "SUB-08",
    "Fraud, identity and regulator are the fraud desk's reasons, arrears billing's alone.",
    "涉诈, 重新核验和监管停机由反诈岗或监管系统发起, 欠费停机由计费系统发起, 柜台不得发起。",
)
SUB_09: Final = Rule(
    "SUB-09",
    "A resumption clears a reason that stands.",
    "复机须针对现存的停机原因。",
)
SUB_10: Final = Rule(
    "SUB-10",
    "A reason is cleared on its own proof: arrears paid, identity verified, restriction lifted.",
    "停机原因凭各自依据解除: 欠费已清, 身份已核验, 或限制已由原发起方解除。",
    (policy.VERIFICATION_VALID_HOURS,),
)
SUB_11: Final = Rule(
    "SUB-11",
    "A new plan was on sale and disclosed when the order was submitted, and starts no earlier.",
    "新套餐在订单提交时须在售并已公示, 且不早于提交日生效。",
)
SUB_12: Final = Rule(
    "SUB-12",
    "A product is added to a line once at a time, with the second confirmation of its item.",
    "增值产品同时只开通一次, 且须二次确认。",
    (),
    "Telecom Regulation art 40",
)
SUB_13: Final = Rule(
    "SUB-13",
    "Only a product that is on the line is removed.",
    "只能退订号码上已有的产品。",
)
SUB_15: Final = Rule(
    "SUB-15",
    "A lock rests on a signed agreement of this customer that states the term and the exit fee.",
    "合约锁须依据该客户已签协议, 且协议写明期限和违约金。",
)
SUB_16: Final = Rule(
    "SUB-16",
    "A lock ends after it begins, and lasts at most the longest term allowed.",
    "合约锁止期须晚于起期, 且不超过最长期限; 营销活动和优惠不得成为合约锁。",
    (policy.MAX_LOCK_MONTHS,),
    "number portability rules, prohibition 3",
)
SUB_17: Final = Rule(
    "SUB-17",
    "An exit fee is quoted once per id, for today or a later day, over the locks that stand then.",
    "违约金报价编号不得重复, 报价日不早于当日, 按当日有效合约锁计算。",
    (policy.QUOTE_VALID_DAYS,),
)
SUB_18: Final = Rule(
    "SUB-18",
    "Only a standing lock is released; as expired only from its last day on.",
    "只能解除有效的合约锁; 到期解除不得早于止期。",
)
SUB_19: Final = Rule(
    "SUB-19",
    "A paid release names a payment of at least the fee quoted; a waiver or own fault two people.",
    "付费解锁须有不低于有效报价的违约金缴费; 减免或因我方过错解锁须双人。",
)
SUB_20: Final = Rule(
    "SUB-20",
    "A bill is recorded once; far above the average of three it is abnormal, and noticed at once.",
    "账单只记一次; 达到前三期均值规定倍数即为异常, 须立即提醒。",
    (policy.ABNORMAL_MULTIPLIER,),
    ARTICLE_33,
)
SUB_21: Final = Rule(
    "SUB-21",
    "A settlement names an unsettled bill, and is at most what is outstanding of it.",
    "销账须指明未结账单, 且不超过其未结金额。",
)
SUB_22: Final = Rule(
    "SUB-22",
    "The late fee is at most the legal share of the arrears for each day.",
    "滞纳金不得超过欠费的法定日比例。",
    (policy.LATE_FEE_PERMILLE, policy.SUSPEND_AFTER_DAYS, policy.TERMINATE_AFTER_SUSPEND_DAYS),
    ARTICLE_34,
)
SUB_23: Final = Rule(
    "SUB-23",
    "A bill is disputed within the months of appeal, once at a time, for at most its amount.",
    "账单异议须在申诉期内提出, 同时只有一项, 且不超过账单金额。",
    (policy.DISPUTE_MONTHS,),
    "telecom users' appeal measures art 11",
)
SUB_24: Final = Rule(
    "SUB-24",
    "Only a standing dispute is settled, as its outcome says, for at most what it is about.",
    "只能处理现存的异议, 调整金额须与结论一致且不超过异议金额。",
)
SUB_25: Final = Rule(
    "SUB-25",
    "An adjustment above the clerk's own limit takes two people.",
    "超过本人权限的费用调整须双人。",
    (policy.ADJUSTMENT_SELF_LIMIT_FEN,),
)
SUB_26: Final = Rule(
    "SUB-26",
    "The bill detail is free.",
    "话费详单免费提供。",
    (policy.BILL_DETAIL_FREE,),
    ARTICLE_33,
)
SUB_27: Final = Rule(
    "SUB-27",
    "A termination for arrears comes only after the legal days of suspension for arrears.",
    "欠费销户须在欠费停机满规定天数之后。",
    (policy.TERMINATE_AFTER_SUSPEND_DAYS,),
    ARTICLE_34,
)
SUB_28: Final = Rule(
    "SUB-28",
    "Where a lock stands, a termination by order follows the exit fee quoted and accepted.",
    "有效合约锁存在时, 按订单销户须先报价并由客户接受违约金。",
)
SUB_29: Final = Rule(
    "SUB-29",
    "A line ends for the reason that its termination was begun for.",
    "销户原因须与启动销户时一致; 应退款为押金加预存余额减未结账单。",
)
SUB_30: Final = Rule(
    "SUB-30",
    "The final bill is settled once, when it is recorded and no bill is outstanding or disputed.",
    "最终账单已出且无未结或异议账单时, 方可结清, 且只结清一次。",
)
RULES: Final = (
    SUB_01, SUB_02, SUB_03, SUB_04, SUB_05, SUB_06, SUB_07, SUB_08, SUB_09, SUB_10, SUB_11, SUB_12,
    SUB_13, SUB_15, SUB_16, SUB_17, SUB_18, SUB_19, SUB_20, SUB_21, SUB_22, SUB_23, SUB_24, SUB_25,
    SUB_26, SUB_27, SUB_28, SUB_29, SUB_30,
)  # fmt: skip
