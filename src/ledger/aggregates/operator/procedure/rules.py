"""The rules of a procedure, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

PDN_01: Final = Rule(
    "PDN-01", "A version is the last one and one more.", "版本号为上一版本号加一。"
)
PDN_02: Final = Rule("PDN-02", "Each step stands once.", "同一步骤只出现一次。")
PDN_03: Final = Rule(
    "PDN-03",
    "Some step is mandatory, and a mandatory step that holds a statutory check is not skipped.",
    "至少有一个必办步骤, 含法定核验的必办步骤不得跳过。",
)
PDN_04: Final = Rule(
    "PDN-04",
    "A change begins in the future, so that every hall knows it in time.",
    "变更须在将来生效, 并留出告知各营业厅的时间。",
    (policy.REFERENCE_LEAD_SECONDS,),
)
PDN_05: Final = Rule(
    "PDN-05", "Each kind of order has one procedure.", "每类业务只有一个有效流程。"
)
PDN_06: Final = Rule(
    "PDN-06",
    "Activation and card replacement check the identity first, by a clerk certified for it.",
    "入网和补卡须先由持证人员核验身份。",
    source="电话用户真实身份信息登记规定 arts 2-6",
)
PDN_07: Final = Rule(
    "PDN-07",
    "The tariff is disclosed before the agreement is signed, and that before the order is given.",
    "先公示资费, 再签协议, 后提交业务。",
    source="MIIT tariff notice 2018-08",
)
PDN_09: Final = Rule(
    "PDN-09",
    "Only the newest version is withdrawn: before it begins, or because the business ends.",
    "只能撤回最新版本: 尚未生效, 或业务终止。",
)
RULES: Final = (PDN_01, PDN_02, PDN_03, PDN_04, PDN_05, PDN_06, PDN_07, PDN_09)
