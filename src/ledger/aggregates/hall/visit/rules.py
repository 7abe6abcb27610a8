"""The rules of a visit, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

VIS_01: Final = Rule(
    "VIS-01",
    "The interaction comes in a ticket state that allows it.",
    "排队号的当前状态允许该操作。",
)
VIS_03: Final = Rule(
    "VIS-03",
    "A ticket number is issued once per hall and business day.",
    "同一营业厅同一营业日内排队号只发一次。",
)
VIS_04: Final = Rule(
    "VIS-04",
    "The service area exists in the hall's register.",
    "服务区域须为本厅登记的区域。",
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
    "The actor is the clerk who serves the visit now.",
    "操作人须为当前接待该客户的营业员。",
)
VIS_13: Final = Rule(
    "VIS-13",
    "A visit is identified as one customer; another customer needs another visit.",
    "一次到访只识别一位客户, 其他客户须另建到访。",
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
RULES: Final = (
    VIS_01, VIS_03, VIS_04, VIS_06, VIS_07, VIS_08, VIS_09, VIS_10, VIS_11, VIS_12, VIS_13, VIS_32,
    VIS_34, VIS_35, VIS_36,
)  # fmt: skip
