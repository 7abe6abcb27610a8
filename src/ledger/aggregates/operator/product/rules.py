"""The rules of a product, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

NOTICE: Final = "MIIT tariff notice 2018-08"

PRD_01: Final = Rule(
    "PRD-01",
    "A tariff is complete: structure, items, price, charging rule, services, conditions, validity.",
    "资费方案完整: 资费结构, 内容, 价格, 计费规则, 服务内容, 办理条件和有效期均不为空。",
    source=NOTICE,
)
PRD_02: Final = Rule(
    "PRD-02",
    "Family and kind fit: an add-on names its base families, a bundle its components, others none.",
    "产品类别与形态相符: 附加产品注明主产品类别, 组合产品注明组成, 其他不注明。",
)
PRD_03: Final = Rule(
    "PRD-03",
    "Each component of a bundle is on sale as a single item too.",
    "组合产品的每个组成部分均可单独办理。",
    (policy.TARIFF_SINGLE_ITEMS,),
    NOTICE,
)
PRD_04: Final = Rule(
    "PRD-04",
    "No offer is for customers who port in only.",
    "不得设置仅限携入用户的套餐。",
    (policy.PORT_NO_PORT_IN_ONLY,),
    "携号转网服务管理规定, prohibition 6",
)
PRD_05: Final = Rule(
    "PRD-05",
    "Validity begins in the future, so that every hall knows it in time, and ends after it begins.",
    "有效期始于将来, 并留出告知各营业厅的时间, 终止不早于开始。",
    (policy.REFERENCE_LEAD_SECONDS,),
)
PRD_06: Final = Rule(
    "PRD-06",
    "A validity is no longer than the most that is set.",
    "有效期不超过规定的最长期限。",
    (policy.TARIFF_VALIDITY_MAX_MONTHS,),
)
PRD_07: Final = Rule(
    "PRD-07",
    "A contract term or a lock names what leaving early costs, and a lock has a term.",
    "有合约期或锁定的产品须写明提前解约费用, 锁定须有合约期。",
    source="携号转网服务管理规定; 电信条例 art 40",
)
PRD_08: Final = Rule(
    "PRD-08",
    "A tariff version is published once and never changed, and few of a product stand at a time.",
    "资费版本只发布一次且不得更改, 同一产品同时有效的版本数量有限。",
)
PRD_09: Final = Rule(
    "PRD-09", "The tariff has its filing number.", "资费须有备案编号。", source="电信条例 art 30"
)
PRD_11: Final = Rule(
    "PRD-11",
    "What is made public is the tariff version as published.",
    "公示内容与发布的资费版本一致。",
    (policy.TARIFF_ADS_MATCH,),
    NOTICE,
)
PRD_12: Final = Rule(
    "PRD-12",
    "A tariff is made public on the website or app, and in the halls.",
    "资费须在网站或应用以及营业厅公示。",
    (policy.TARIFF_PUBLIC_LIST,),
    NOTICE,
)
PRD_13: Final = Rule(
    "PRD-13",
    "A withdrawal names a tariff version that stands, and is not backwards.",
    "下架须针对有效的资费版本, 且不得追溯。",
)
PRD_14: Final = Rule(
    "PRD-14",
    "A single item that a bundle on sale is made of is withdrawn only after the bundle.",
    "在售组合产品的组成部分须在组合产品下架后才能下架。",
    (policy.TARIFF_SINGLE_ITEMS,),
    NOTICE,
)
PRD_15: Final = Rule(
    "PRD-15",
    "A tariff version expires the day after the last day of its validity.",
    "资费版本在有效期最后一日的次日失效。",
)
RULES: Final = (
    PRD_01, PRD_02, PRD_03, PRD_04, PRD_05, PRD_06, PRD_07, PRD_08, PRD_09, PRD_11, PRD_12, PRD_13,
    PRD_14, PRD_15,
)  # fmt: skip
