"""The rules of an order, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

ORD_01: Final = Rule(
    "ORD-01",
    "The items fit the kind: lines are added by an activation only, one line by each item.",
    "订单明细与业务类型相符: 仅开户新增号码, 每条明细一个。",
)
ORD_02: Final = Rule(
    "ORD-02",
    "An order names a line of this customer in service or suspended; an activation names none.",
    "订单须指明该客户名下在用或停机的号码, 开户不指明。",
)
ORD_04: Final = Rule(
    "ORD-04",
    "What is added or changed to is on sale and publicly disclosed, in the version in force.",
    "新增或变更的产品须在售且已公示, 并为现行资费版本。",
    (policy.TARIFF_PUBLIC_LIST,),
    "Telecom Regulation art 30",
)
ORD_05: Final = Rule(
    "ORD-05",
    "An add-on rests on a base of its own family: the line named, or a base item of the order.",
    "加装业务须依附于所指号码或本单中相应的主套餐。",
    (policy.NO_FORCED_BUNDLE,),
    "Telecom Regulation art 40",
)
ORD_06: Final = Rule("ORD-06", "The start requested is not before today.", "要求生效日不早于当日。")
ORD_07: Final = Rule(
    "ORD-07",
    "A line has one open order of a kind, and none beside its termination.",
    "同一号码同类订单只能有一笔未完结, 销户时不得有其他订单。",
)
ORD_08: Final = Rule(
    "ORD-08",
    "The requester is the owner, or an agent verified and in scope for this kind.",
    "申请人为机主本人, 或经核验且在授权范围内的代办人。",
)
ORD_09: Final = Rule(
    "ORD-09",
    "The procedure is the one in force for this kind, in its version.",
    "办理流程为该业务类型现行流程及版本。",
)
ORD_10: Final = Rule("ORD-10", "The customer confirms the form.", "申请单须经客户确认。")
ORD_11: Final = Rule(
    "ORD-11",
    "The identity verification is one of this customer and still valid.",
    "身份核验须属该客户且在有效期内。",
    (policy.VERIFICATION_VALID_HOURS,),
)
ORD_12: Final = Rule(
    "ORD-12",
    "The disclosure covers every item, with price and term of the catalogue version in force.",
    "资费告知须涵盖全部明细, 价格和期限与现行资费版本一致。",
    source="MIIT tariff notice 2018",
)
ORD_13: Final = Rule("ORD-13", "The customer confirms the disclosure.", "资费告知须经客户确认。")
ORD_14: Final = Rule(
    "ORD-14",
    "The exit fee shown is that of a valid quote of the line.",
    "所示违约金须为该号码的有效测算。",
)
ORD_15: Final = Rule(
    "ORD-15",
    "Every add-on is confirmed once, on its own.",
    "每项加装业务须单独确认一次。",
    (policy.ADD_ON_CONFIRMATION,),
    "Telecom Regulation art 40(1)",
)
ORD_16: Final = Rule("ORD-16", "A failed check carries a reason.", "未通过的检查须注明原因。")
ORD_17: Final = Rule(
    "ORD-17",
    "Checks of number limit, contract and bills agree with this customer's own record.",
    "号码数量, 合约和欠费检查结果须与该客户的记录一致。",
    (policy.MAX_ACTIVE_NUMBERS, policy.COUNTED_FAMILIES),
)
ORD_18: Final = Rule("ORD-18", "A statutory check is never overridden.", "法定检查不得人工放行。")
ORD_19: Final = Rule(
    "ORD-19",
    "Only a failed check is overridden, once, and the risk is accepted.",
    "仅未通过的检查可放行一次, 且须承担风险。",
)
ORD_20: Final = Rule(
    "ORD-20",
    "A document is attached once; form, agreement and printed disclosure are attached as such.",
    "同一材料只收一次; 申请单, 协议和纸质资费告知即为材料。",
)
ORD_21: Final = Rule(
    "ORD-21",
    "An order holds one number at a time, for a limited while; only the one held is released.",
    "一单同时只占一个号码且有时限, 仅释放所占号码。",
    (policy.RESERVATION_MINUTES,),
)
ORD_22: Final = Rule(
    "ORD-22", "An IoT assessment is of an IoT item.", "物联网风险评估须针对物联网明细。"
)
ORD_23: Final = Rule(
    "ORD-23",
    "The agreement is signed after the tariff is disclosed and the form completed.",
    "协议须在资费告知和填单之后签署。",
)
ORD_24: Final = Rule(
    "ORD-24",
    "For a card the agreement bans resale and lending, and the customer is warned.",
    "涉卡协议须载明禁止转售出借, 并已当面警示。",
    source="MIIT notice 2019; Anti-fraud Law arts 30-31",
)
ORD_25: Final = Rule("ORD-25", "The customer is given a copy.", "协议须交客户一份。")
ORD_60: Final = Rule(
    "ORD-60",
    "The agreement's term is the longest of its items and at most legal; it states the exit fee.",
    "协议期限为各明细最长期限, 不超过上限, 并载明违约金计算。",
    (policy.MAX_LOCK_MONTHS,),
)
ORD_26: Final = Rule(
    "ORD-26",
    "The step belongs to the order's procedure and is not done.",
    "步骤须属该订单的流程且尚未完成。",
)
ORD_27: Final = Rule(
    "ORD-27",
    "Steps are completed in the declared order.",
    "步骤须按规定顺序完成。",
    (policy.OUT_OF_ORDER,),
)
ORD_28: Final = Rule(
    "ORD-28", "Only a step that may be skipped is skipped.", "仅可跳过的步骤允许跳过。"
)
ORD_03: Final = Rule(
    "ORD-03",
    "An order is submitted while the customer's identity is verified.",
    "提交订单时客户身份核验须有效。",
    (policy.VERIFICATION_VALID_HOURS,),
    "MIIT Order 25 arts 2-6; Anti-fraud Law arts 9, 21",
)
ORD_30: Final = Rule(
    "ORD-30",
    "A person's counted lines, with those of submitted orders, are at most the legal number.",
    "个人计数号码连同在途订单不得超过法定数量。",
    (policy.MAX_ACTIVE_NUMBERS, policy.COUNTED_FAMILIES),
    "joint notice of six departments 2016, point 4",
)
ORD_31: Final = Rule(
    "ORD-31",
    "A listed person receives no new line.",
    "惩戒名单人员不得新开号码。",
    (policy.LISTED_PERSON_RESTRICTION,),
    "joint-punishment measures 2024",
)
ORD_32: Final = Rule("ORD-32", "The form is completed.", "申请单已填妥。")
ORD_33: Final = Rule(
    "ORD-33", "The tariff is disclosed, where the kind asks for it.", "须告知资费的业务已告知。"
)
ORD_34: Final = Rule(
    "ORD-34",
    "Every add-on is confirmed.",
    "每项加装业务均已确认。",
    (policy.ADD_ON_CONFIRMATION,),
    "Telecom Regulation art 40(1)",
)
ORD_35: Final = Rule(
    "ORD-35",
    "The agreement is signed, where the kind or an item's term asks for it.",
    "须签协议的业务或有合约期的明细已签署。",
)
ORD_36: Final = Rule(
    "ORD-36",
    "Where a contract stands that the order ends or changes, its exit fee is accepted.",
    "变更或终止在约号码须已接受违约金。",
)
ORD_37: Final = Rule(
    "ORD-37",
    "A line is terminated when nothing of it is outstanding but disputed sums.",
    "销户前须结清争议以外的费用。",
)
ORD_38: Final = Rule(
    "ORD-38",
    "The IoT assessment is passed for an IoT line.",
    "物联网号码须通过风险评估。",
    (policy.IOT_ASSESSMENT_REQUIRED,),
    "Anti-fraud Law art 12",
)
ORD_39: Final = Rule(
    "ORD-39",
    "Every required check is passed, not applicable or overridden, every document attached.",
    "所需检查均已通过, 不适用或放行, 所需材料齐全。",
)
ORD_40: Final = Rule(
    "ORD-40",
    "The totals are the sums of the items, and every mandatory step before is done.",
    "合计等于明细之和, 此前必办步骤均已完成。",
    (
        policy.CHANGE_LIMIT_HOURS,
        policy.FIXED_INSTALL_URBAN_DAYS,
        policy.FIXED_INSTALL_RURAL_DAYS,
        policy.BROADBAND_INSTALL_URBAN_WORKING_DAYS,
        policy.BROADBAND_INSTALL_RURAL_WORKING_DAYS,
    ),
)
ORD_41: Final = Rule(
    "ORD-41",
    "Work starts only if the number reserved was still held at submission.",
    "预占号码在提交时仍有效方可开工。",
)
ORD_42: Final = Rule(
    "ORD-42", "The answer names the standing question.", "补充资料须针对当前问题。"
)
ORD_43: Final = Rule(
    "ORD-43", "A hold for suspicion of fraud names the case.", "涉诈挂起须注明案件。"
)
ORD_44: Final = Rule(
    "ORD-44",
    "A hold ends for the reason it was placed for; a fall-out is settled instead.",
    "解挂原因与挂起原因对应, 异常须另行处理。",
)
ORD_45: Final = Rule(
    "ORD-45",
    "A card is issued once for each open item of an activation or a replacement that has one.",
    "仅开户和换卡明细可发卡, 每条明细一次。",
)
ORD_46: Final = Rule(
    "ORD-46",
    "The fall-out named is unsettled; giving an item up takes two people.",
    "须为未处理的异常, 放弃须双人。",
)
ORD_47: Final = Rule(
    "ORD-47", "An item of the order is completed or failed once.", "明细只能完成或失败一次。"
)
ORD_59: Final = Rule(
    "ORD-59",
    "An item that changes a line is completed by its line's interaction.",
    "涉及号码的明细由号码业务完成。",
)
ORD_48: Final = Rule(
    "ORD-48", "A failed item leaves the line as it was before.", "明细失败须恢复原状。"
)
ORD_49: Final = Rule("ORD-49", "Every item is completed or failed.", "全部明细已完成或失败。")
ORD_50: Final = Rule(
    "ORD-50",
    "Every mandatory step is completed or skipped, unless no item could be completed.",
    "必办步骤均已完成或跳过, 全部失败的除外。",
)
ORD_51: Final = Rule(
    "ORD-51",
    "An order becomes overdue once, after its expected completion.",
    "超过预计完成时间记逾期一次。",
    (policy.LATE_PENALTY_PERCENT,),
    "Telecom Regulation art 31",
)
ORD_52: Final = Rule(
    "ORD-52",
    "One cancellation at a time, under an id of its own; it is this that is decided.",
    "同时只有一笔撤单, 编号唯一, 处理须针对该笔。",
)
ORD_53: Final = Rule(
    "ORD-53",
    "A cancellation is accepted only before the point of no return.",
    "不可逆点之前方可撤单。",
)
ORD_54: Final = Rule(
    "ORD-54",
    "A cancellation before activation costs nothing.",
    "开通前撤单不收费。",
    (policy.CANCELLATION_FEE_FEN,),
)
ORD_55: Final = Rule(
    "ORD-55",
    "A denial for the point of no return follows an item that passed it.",
    "以不可逆为由拒绝撤单须确已越过不可逆点。",
)
ORD_56: Final = Rule(
    "ORD-56",
    "A cancelled or rejected order leaves no item in service.",
    "撤单或退单后不得有在用明细。",
)
ORD_57: Final = Rule(
    "ORD-57",
    "A draft expires after its hours have passed.",
    "草稿超过时限方可失效。",
    (policy.DRAFT_HOURS,),
)
RULES: Final = (
    ORD_01, ORD_02, ORD_04, ORD_05, ORD_06, ORD_07, ORD_08, ORD_09, ORD_10, ORD_11, ORD_12, ORD_13,
    ORD_14, ORD_15, ORD_16, ORD_17, ORD_18, ORD_19, ORD_20, ORD_21, ORD_22, ORD_23, ORD_24, ORD_25,
    ORD_60, ORD_26, ORD_27, ORD_28, ORD_03, ORD_30, ORD_31, ORD_32, ORD_33, ORD_34, ORD_35, ORD_36,
    ORD_37, ORD_38, ORD_39, ORD_40, ORD_41, ORD_42, ORD_43, ORD_44, ORD_45, ORD_46, ORD_47, ORD_59,
    ORD_48, ORD_49, ORD_50, ORD_51, ORD_52, ORD_53, ORD_54, ORD_55, ORD_56, ORD_57,
)  # fmt: skip
