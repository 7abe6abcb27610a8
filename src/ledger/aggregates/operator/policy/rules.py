"""The rules of a version of the policy, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

POL_01: Final = Rule(
    "POL-01",
    "A version changes parameters of the parameter register, each once.",
    "政策版本只修改参数表中的参数, 每个参数一次。",
)
POL_02: Final = Rule(
    "POL-02",
    "Each value has the type and unit that the register gives the parameter.",
    "参数值的类型和单位与参数表一致。",
)
POL_03: Final = Rule(
    "POL-03",
    "A parameter with a statutory bound is not set looser than the bound.",
    "有法定界限的参数不得宽于法定界限。",
    source="电信条例, 反电信网络诈骗法, PIPL, the rules on real names and portability",
)
POL_04: Final = Rule(
    "POL-04",
    "A version begins in the future, so that every partition knows it in time.",
    "政策版本须在将来生效, 并留出告知各分区的时间。",
    (policy.REFERENCE_LEAD_SECONDS,),
)
POL_05: Final = Rule(
    "POL-05",
    "One version is in force at any moment: it is based on the last one, begins after that has"
    " begun, and at the latest when that ends.",
    "任一时刻只有一个版本生效: 新版本以最新版本为基础, 晚于其生效且不晚于其终止。",
)
POL_06: Final = Rule(
    "POL-06", "A version ends, where it does, after it begins.", "政策版本的终止晚于生效。"
)
POL_07: Final = Rule(
    "POL-07",
    "A parameter that rests on a source names it; one that is practice names none.",
    "有来源的参数须注明来源, 惯例参数不注来源。",
)
POL_08: Final = Rule(
    "POL-08",
    "The version in force, or about to be, is not withdrawn: the beginning of another ends it.",
    "已生效或即将生效的版本不得撤回, 由新版本生效时终止。",
    (policy.REFERENCE_LEAD_SECONDS,),
)
POL_09: Final = Rule(
    "POL-09",
    "A version that ended, or that another is based on, is not withdrawn.",
    "已终止或已有后续版本的政策不得撤回。",
)
RULES: Final = (
    POL_01, POL_02, POL_03, POL_04, POL_05, POL_06, POL_07, POL_08, POL_09,
)  # fmt: skip
