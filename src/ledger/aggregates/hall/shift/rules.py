"""The rules of a shift, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

SHF_01: Final = Rule(
    "SHF-01",
    "The actor is the clerk of the shift, or a supervisor or manager.",
    "操作人为当班营业员本人, 或值班长, 经理。",
)
SHF_02: Final = Rule(
    "SHF-02", "A clerk has one open shift at a time.", "同一营业员同时只有一个在岗班次。"
)
SHF_03: Final = Rule(
    "SHF-03",
    "The clerk holds every certification that the duty requires.",
    "营业员须持有该岗位要求的有效认证。",
    (policy.SHIFT_CERTIFICATIONS,),
    "电话用户真实身份信息登记规定 (training of staff)",
)
SHF_04: Final = Rule(
    "SHF-04",
    "The counter is the hall's, and one counter or cashier duty at most stands at it.",
    "台席须为本厅登记的台席, 且同一台席只有一个受理或收银班次。",
)
SHF_08: Final = Rule(
    "SHF-08",
    "The clerk serves no visit that is in progress.",
    "营业员没有办理中的客户。",
)
SHF_16: Final = Rule(
    "SHF-16",
    "A forced close names an approver and a reason other than the planned end.",
    "强制交班须有复核人, 且原因不得为正常下班。",
    (policy.SECOND_PERSON_ROLES,),
)
RULES: Final = (SHF_01, SHF_02, SHF_03, SHF_04, SHF_08, SHF_16)
