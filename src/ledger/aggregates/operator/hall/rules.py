"""The rules of the register of halls, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

HLR_02: Final = Rule(
    "HLR-02",
    "A counter's id is used once in a hall, and one counter at least is for business.",
    "台席编号在厅内不重复, 且至少有一个业务受理台席。",
)
HLR_03: Final = Rule("HLR-03", "A hall closes after it opens.", "闭厅时间晚于开厅时间。")
HLR_04: Final = Rule(
    "HLR-04",
    "The hall's manager is in service with that role.",
    "营业厅经理须在岗且岗位为经理。",
)
HLR_05: Final = Rule(
    "HLR-05",
    "Where cameras hang, the sign is shown.",
    "安装摄像头的营业厅须张贴提示标识。",
    source="PIPL art 26",
)
HLR_06: Final = Rule(
    "HLR-06",
    "A change begins in the future, so that every partition knows it in time.",
    "变更须在将来生效, 并留出告知各分区的时间。",
    (policy.REFERENCE_LEAD_SECONDS,),
)
HLR_08: Final = Rule(
    "HLR-08",
    "A closing is announced some time before.",
    "关闭营业厅须提前公告。",
    (policy.HALL_CLOSE_NOTICE_DAYS,),
)
HLR_09: Final = Rule(
    "HLR-09",
    "The successor is another hall, active on the day after.",
    "承接营业厅须为另一家次日仍在营业的营业厅。",
)
RULES: Final = (HLR_02, HLR_03, HLR_04, HLR_05, HLR_06, HLR_08, HLR_09)
