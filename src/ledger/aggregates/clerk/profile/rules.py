"""The rules of a clerk's profile, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

CLK_03: Final = Rule("CLK-03", "Nobody acts on the own profile.", "员工不得办理本人档案事项。")
CLK_04: Final = Rule(
    "CLK-04",
    "Nobody approves what concerns the own profile.",
    "员工不得复核本人档案事项。",
)
PRF_01: Final = Rule(
    "PRF-01",
    "Every hall named is active on that day, and who works in halls has at least one.",
    "所列营业厅当日须在营, 厅内岗位至少分配一个营业厅。",
)
PRF_03: Final = Rule(
    "PRF-03",
    "The new role differs from the one held, and is not one that is reached by promotion.",
    "新岗位须不同于现岗位, 且不是须经晋升取得的岗位。",
)
PRF_04: Final = Rule(
    "PRF-04",
    "An approver does not stand below the role given.",
    "复核人岗位不得低于所授岗位。",
)
PRF_05: Final = Rule(
    "PRF-05",
    "A training's id is new, and its due day has not passed.",
    "培训编号不得重复, 期限不得早于当日。",
)
PRF_06: Final = Rule(
    "PRF-06", "The training is assigned and not completed.", "培训已布置且尚未完成。"
)
PRF_07: Final = Rule(
    "PRF-07",
    "The minutes attended reach what a training takes.",
    "参训时长达到规定分钟数。",
    (policy.TRAINING_MIN_MINUTES,),
)
PRF_08: Final = Rule(
    "PRF-08",
    "A training that is not completed is missed after its due day, once.",
    "未完成的培训于期限次日记为缺训, 且只记一次。",
)
PRF_09: Final = Rule(
    "PRF-09",
    "An assessment has a new id, its attempt follows the last, and few are made within a time.",
    "考核编号不得重复, 次数连续, 且规定时间内次数有限。",
    (policy.ASSESSMENT_MAX_ATTEMPTS, policy.ASSESSMENT_WINDOW_DAYS),
)
PRF_10: Final = Rule(
    "PRF-10",
    "An assessment is for a training or a certification, and follows a completed training for it.",
    "考核须对应培训或认证, 认证考核须在相关培训完成后的规定期限内。",
    (policy.CERTIFICATION_TRAINING_DAYS, policy.ASSESSMENT_PASS_BP),
)
PRF_11: Final = Rule(
    "PRF-11",
    "A certification rests on a passed assessment for it that is not old.",
    "认证须以近期通过的对应考核为依据。",
    (policy.CERTIFICATION_GRANT_DAYS,),
)
PRF_12: Final = Rule(
    "PRF-12",
    "A certification begins on or after the day of its assessment, and soon.",
    "认证自考核当日或之后生效, 且不得过久。",
    (policy.CERTIFICATION_VALID_MONTHS, policy.CERTIFICATION_GRANT_DAYS),
    "电话用户真实身份信息登记规定 (training of staff); 反电信网络诈骗法 art 9",
)
PRF_13: Final = Rule("PRF-13", "The certification is valid.", "认证须有效。")
PRF_14: Final = Rule(
    "PRF-14",
    "A certification expires the day after its last day, once.",
    "认证于有效期最后一日的次日失效, 且只记一次。",
)
PRF_19: Final = Rule(
    "PRF-19",
    "A last day is not before the engagement; said again, it is earlier.",
    "最后工作日不早于入职日, 再次登记须提前。",
)
PRF_20: Final = Rule(
    "PRF-20",
    "The file is erased some years after the last day, and not before.",
    "员工档案须在离职满规定年限后方可删除。",
    (policy.CLERK_RETENTION_YEARS,),
    "劳动合同法 art 50",
)
PRF_21: Final = Rule(
    "PRF-21",
    "Few changes of a clerk are announced at a time.",
    "同一员工同时预告的变更数量有限。",
)
RULES: Final = (
    CLK_03, CLK_04, PRF_01, PRF_03, PRF_04, PRF_05, PRF_06, PRF_07, PRF_08, PRF_09, PRF_10, PRF_11,
    PRF_12, PRF_13, PRF_14, PRF_19, PRF_20, PRF_21,
)  # fmt: skip
