"""The rules of a visit, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

VIS_01: Final = Rule(
    "VIS-01",
    "The interaction comes in a state of ticket, greeting and transfer that allows it.",
    "排队号, 迎接及转台的当前状态允许该操作。",
)
VIS_03: Final = Rule(
    "VIS-03",
    "A ticket number is issued once per hall and business day.",
    "同一营业厅同一营业日内排队号只发一次。",
)
VIS_04: Final = Rule(
    "VIS-04",
    "The service area, and the counter where one is named, exist in the hall's register.",
    "服务区域及所指台席须为本厅登记的区域和台席。",
)
VIS_05: Final = Rule(
    "VIS-05",
    "Who calls or serves is logged in at a terminal, where the policy asks for it.",
    "政策要求时, 叫号和接待的营业员须已登录终端。",
    (policy.SHIFT_LOGIN_REQUIRED,),
)
VIS_06: Final = Rule(
    "VIS-06",
    "A counter serves one visit at a time: no other is in progress there, none called unanswered.",
    "一个台席同时只服务一位客户, 不得另有办理中或已叫号未应答的客户。",
)
VIS_07: Final = Rule(
    "VIS-07",
    "A ticket is called at most a few times in a turn.",
    "每轮排队的叫号次数不超过上限。",
    (policy.QUEUE_MAX_CALLS,),
)
VIS_08: Final = Rule(
    "VIS-08",
    "A no-show is recorded after all the calls, or some time after the last call.",
    "叫满次数或末次叫号后等候满时限, 方可记为过号。",
    (policy.QUEUE_MAX_CALLS, policy.QUEUE_CALL_WAIT_SECONDS),
)
VIS_09: Final = Rule(
    "VIS-09",
    "A customer rejoins the queue once, within some time of the no-show.",
    "过号客户可在时限内重新排队一次。",
    (policy.QUEUE_REJOIN_SECONDS,),
)
VIS_10: Final = Rule(
    "VIS-10",
    "A visit lapses when its rejoin time has passed, or some time after the hall has closed.",
    "到访在重新排队时限过后, 或营业结束后满时限, 方自动结束。",
    (policy.QUEUE_REJOIN_SECONDS, policy.VISIT_LAPSE_SECONDS),
)
VIS_11: Final = Rule(
    "VIS-11",
    "A visit with a ticket starts at the counter that called it.",
    "持号客户须在叫号台席开始办理。",
)
VIS_12: Final = Rule(
    "VIS-12",
    "The actor serves the visit now, or is a lead where the shift of the one who did has ended.",
    "操作人须为当前接待该客户的营业员; 其班次已强制结束的, 由值班长或经理代办。",
)
VIS_13: Final = Rule(
    "VIS-13",
    "A visit is identified as one customer; another customer needs another visit.",
    "一次到访只识别一位客户, 其他客户须另建到访。",
)
VIS_14: Final = Rule(
    "VIS-14",
    "An id given in a visit is new in it, what it refers to was recorded in it, and each product "
    "named is in the catalogue.",
    "到访内新编号不得重复, 所引用的事项须在本次到访中登记, 所提产品须在产品目录内。",
)
VIS_21: Final = Rule(
    "VIS-21",
    "Promotion is not barred in this visit; an inquiry the customer raises is still answered.",
    "本次到访未被禁止营销; 客户主动咨询仍须答复。",
    (),
    "携号转网服务管理规定, prohibition 2",
)
VIS_22: Final = Rule(
    "VIS-22",
    "A recommendation follows a needs assessment of the same visit.",
    "推荐须以本次到访的需求评估为依据。",
)
VIS_15: Final = Rule(
    "VIS-15",
    "The product is published and on sale at that time.",
    "产品在当时已发布且在售。",
    (),
    "电信条例 art 30; MIIT tariff notice 2018-08",
)
VIS_16: Final = Rule(
    "VIS-16",
    "The tariff is publicly disclosed before it is quoted or recommended.",
    "资费须先公示方可报价或推荐。",
    (),
    "MIIT tariff notice 2018-08",
)
VIS_17: Final = Rule(
    "VIS-17",
    "The tariff version named is the one in force at that time.",
    "所用资费版本须为当时生效的版本。",
)
VIS_18: Final = Rule(
    "VIS-18",
    "The price shown to the customer is the published price.",
    "向客户展示的价格须与公示价格一致。",
    (),
    "MIIT tariff notice 2018-08",
)
VIS_19: Final = Rule(
    "VIS-19",
    "The inquiry was raised in this visit and is neither answered nor escalated.",
    "咨询须在本次到访中提出, 且尚未答复或转交。",
)
VIS_20: Final = Rule(
    "VIS-20",
    "The topics answered were raised, and an answer about tariff or contract terms names a quote "
    "of this visit.",
    "答复内容须为所咨询事项; 涉及资费或合约的答复须引用本次到访的报价。",
    (),
    "电信条例 art 30",
)
VIS_23: Final = Rule(
    "VIS-23",
    "The product's family is among those assessed.",
    "推荐产品的类别须在已评估类别之内。",
)
VIS_24: Final = Rule(
    "VIS-24",
    "Where the monthly price is above the budget stated, the customer is told so.",
    "月费超出客户预算时须告知客户。",
    (),
    "电信条例 art 40",
)
VIS_25: Final = Rule(
    "VIS-25",
    "A recommendation of this visit is answered once, and a decline, and only that, has a reason.",
    "每项推荐只答复一次, 谢绝须注明原因。",
)
VIS_26: Final = Rule(
    "VIS-26",
    "A support id is new in this visit.",
    "技术支持编号在本次到访内不得重复。",
)
VIS_27: Final = Rule(
    "VIS-27",
    "Support is escalated once, and only where it did not solve the matter.",
    "技术支持未解决时方可转交, 且只转交一次。",
)
VIS_28: Final = Rule(
    "VIS-28",
    "The customer is identified before a fault ticket is asked for.",
    "申报故障前须先识别客户。",
)
VIS_29: Final = Rule(
    "VIS-29",
    "The target counter is staffed by another clerk on shift, the one named where one is.",
    "转入台席须有其他在岗营业员, 指定人员的须为该人员。",
)
VIS_30: Final = Rule(
    "VIS-30",
    "A transfer is accepted by a clerk on shift at the target counter, or taken back by who made "
    "it.",
    "转台由转入台席的在岗营业员接受, 或由转出人收回。",
)
VIS_31: Final = Rule(
    "VIS-31",
    "Every inquiry is answered or escalated and every recommendation answered, unless the customer "
    "left.",
    "咨询均已答复或转交, 推荐均已答复, 客户自行离开的除外。",
)
VIS_32: Final = Rule(
    "VIS-32",
    "The needs met and the needs open are together exactly the needs asked, each once.",
    "已解决与未解决的需求合计须与询问到的需求逐项一致。",
)
VIS_34: Final = Rule(
    "VIS-34",
    "Each score lies within the scale.",
    "各项评分须在量表范围内。",
    (policy.RATING_MIN, policy.RATING_MAX),
)
VIS_35: Final = Rule(
    "VIS-35",
    "A visit is rated once, within some days of its close.",
    "一次到访只评价一次, 且须在结束后的评价期内。",
    (policy.RATING_WINDOW_DAYS,),
)
VIS_36: Final = Rule(
    "VIS-36",
    "A rated visit was served by a clerk; abandoned and no-show visits are not rated.",
    "仅由营业员接待过的到访可评价, 放弃和过号的到访不评价。",
)
VIS_37: Final = Rule(
    "VIS-37",
    "The observer is another person than the clerk observed.",
    "观察人不得为被观察的营业员本人。",
)
VIS_38: Final = Rule(
    "VIS-38",
    "The clerk observed served this visit.",
    "被观察的营业员须接待过本次到访。",
)
VIS_39: Final = Rule(
    "VIS-39",
    "The key of a visit that nobody was identified in is deleted some days after its close.",
    "未识别客户身份的到访, 其密钥在结束后满期限方可删除。",
    (policy.VISIT_KEY_DAYS,),
    source="PIPL art 19",
)
RULES: Final = (
    VIS_01, VIS_03, VIS_04, VIS_05, VIS_06, VIS_07, VIS_08, VIS_09, VIS_10, VIS_11, VIS_12, VIS_13,
    VIS_14, VIS_21, VIS_22, VIS_15, VIS_16, VIS_17, VIS_18, VIS_19, VIS_20, VIS_23, VIS_24, VIS_25,
    VIS_26, VIS_27, VIS_28, VIS_29, VIS_30, VIS_31, VIS_32, VIS_34, VIS_35, VIS_36, VIS_37, VIS_38,
    VIS_39,
)  # fmt: skip
