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
SHF_05: Final = Rule(
    "SHF-05",
    "A clerk logs in under the own shift only.",
    "营业员只能以本人班次登录。",
)
SHF_06: Final = Rule(
    "SHF-06",
    "A terminal and a clerk have one live session at a time.",
    "同一终端和同一营业员同时只有一个登录会话。",
)
SHF_07: Final = Rule(
    "SHF-07",
    "The session named is live.",
    "所指会话须在登录中。",
)
SHF_08: Final = Rule(
    "SHF-08",
    "The clerk serves no visit that is in progress, unless the shift is closed by force.",
    "营业员没有办理中的客户, 强制交班除外。",
)
SHF_09: Final = Rule(
    "SHF-09",
    "The clerk's drawer is closed before the counter is changed, unless drawers move with clerks.",
    "更换台席前须先结清钱箱, 政策允许钱箱随人移动的除外。",
    (policy.CASH_DRAWER_MOVES,),
)
SHF_10: Final = Rule(
    "SHF-10",
    "A shift is paused once at a time and resumed only from a pause.",
    "班次不得重复暂停, 且仅可从暂停中恢复。",
)
SHF_11: Final = Rule(
    "SHF-11",
    "The helped clerk is another person with an open shift in this hall; the help's id is new.",
    "被帮助人须为本厅另一名在岗营业员, 且帮助编号不得重复。",
)
SHF_12: Final = Rule(
    "SHF-12",
    "Help is confirmed once, by the clerk who was helped, within some days.",
    "帮助由被帮助人在期限内确认一次。",
    (policy.SHIFT_HELP_CONFIRM_DAYS,),
)
SHF_13: Final = Rule(
    "SHF-13",
    "A hand-over names every case the clerk keeps that falls due soon; only where it names none, "
    "nothing is open.",
    "交接须列明保管中即将到期的全部工单; 无工单时方可注明无待办。",
    (policy.SHIFT_HANDOVER_HORIZON_HOURS,),
)
SHF_14: Final = Rule(
    "SHF-14",
    "The clerk's cash drawer is closed.",
    "营业员的钱箱须已结清。",
)
SHF_15: Final = Rule(
    "SHF-15",
    "No case offered by the clerk waits for acceptance, and none kept by the clerk falls due soon.",
    "营业员没有待接收的转交工单, 也没有保管中即将到期的工单。",
    (policy.SHIFT_HANDOVER_HORIZON_HOURS,),
)
SHF_16: Final = Rule(
    "SHF-16",
    "A forced close names an approver and a reason other than the planned end.",
    "强制交班须有复核人, 且原因不得为正常下班。",
    (policy.SECOND_PERSON_ROLES,),
)
SHF_17: Final = Rule(
    "SHF-17",
    "A shift overruns some time after its planned end, and is marked once.",
    "班次超过计划结束时间满时限方为超时, 且只标记一次。",
    (policy.SHIFT_OVERRUN_MINUTES,),
)
RULES: Final = (
    SHF_01, SHF_02, SHF_03, SHF_04, SHF_05, SHF_06, SHF_07, SHF_08, SHF_09, SHF_10, SHF_11, SHF_12,
    SHF_13, SHF_14, SHF_15, SHF_16, SHF_17,
)  # fmt: skip
