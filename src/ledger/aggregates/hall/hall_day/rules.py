"""The rules of a hall's day, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

DAY_01: Final = Rule(
    "DAY-01",
    "Business days are opened in the order of their dates, each once and not before it begins.",
    "营业日按日期先后开启, 每日一次, 不得提前。",
)
DAY_03: Final = Rule(
    "DAY-03",
    "No visit of the day is open or in progress.",
    "当日没有未结束的到访。",
)
DAY_04: Final = Rule("DAY-04", "Every shift of the day is closed.", "当日班次均已交班。")
DAY_05: Final = Rule(
    "DAY-05", "Every drawer of the day is closed or deposited.", "当日钱箱均已结清或已缴存。"
)
DAY_06: Final = Rule(
    "DAY-06",
    "The terminals' totals per method equal the ledger's; otherwise a note explains why.",
    "各支付方式的终端合计与账本一致, 不一致须附说明。",
)
DAY_07: Final = Rule(
    "DAY-07",
    "The one who signs off is another person than the one who prepared.",
    "日结签核人不得为编制人本人。",
    (policy.HALL_DAY_TWO_PEOPLE,),
    "会计 separation of duties",
)
DAY_08: Final = Rule(
    "DAY-08",
    "The digest signed is that of the totals prepared, and nothing was noted for the day since.",
    "签核摘要须与编制的合计一致, 且编制后当日无新记录。",
)
DAY_09: Final = Rule(
    "DAY-09",
    "The business days opened before it are signed off.",
    "此前开启的营业日均已签核。",
)
DAY_10: Final = Rule(
    "DAY-10",
    "A day is overdue, once, at the time of the next day by which it is to be signed off.",
    "营业日至次日规定时刻仍未签核, 方记为逾期, 且只记一次。",
    (policy.HALL_DAY_SIGN_OFF_BY,),
)
RULES: Final = (
    DAY_01, DAY_03, DAY_04, DAY_05, DAY_06, DAY_07, DAY_08, DAY_09, DAY_10,
)  # fmt: skip
