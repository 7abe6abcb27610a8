"""The rules of a customer, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

CST_07: Final = Rule(
    "CST-07",
    "While processing is restricted, nothing new is done but to end, settle, answer or protect.",
    "限制处理期间仅可办理停机, 销户, 缴费, 投诉, 报障, 携出等业务, 不得新办。",
    source="PIPL art 47(2)",
)
CUS_01: Final = Rule(
    "CUS-01",
    "The subject id is derived from the digest of the document, or of the contact.",
    "客户编号由证件摘要或联系方式摘要得出。",
    source="PIPL arts 47 and 73(4), our reading",
)
CUS_03: Final = Rule(
    "CUS-03",
    "A registration by document carries document kind and number, name and identity digest.",
    "凭证件建档须有证件类型, 号码, 姓名和证件摘要。",
    source="MIIT Order 25 arts 6-7",
)
CUS_04: Final = Rule(
    "CUS-04",
    "The document kind is one that the law accepts for that kind of party.",
    "证件类型须为法律对个人或单位认可的有效证件。",
    (policy.VALID_DOCUMENTS,),
    "MIIT Order 25 art 7",
)
CUS_05: Final = Rule(
    "CUS-05",
    "A registration follows a privacy notice that was given.",
    "建档前须已告知个人信息处理规则。",
    source="PIPL art 17",
)
CUS_06: Final = Rule(
    "CUS-06",
    "For a person under 14, the guardian's identity and consent document are given.",
    "未满十四周岁者须提供监护人身份及其同意文件。",
    (policy.GUARDIAN_AGE,),
    "PIPL art 31",
)
CUS_07: Final = Rule(
    "CUS-07",
    "Identity is verified in a physical hall: the channel is store.",
    "身份核验须在实体营业厅现场办理。",
    (policy.FACE_MATCH_REQUIRED,),
    "MIIT notice on real-name registration, in force 2019-12-01",
)
CUS_08: Final = Rule(
    "CUS-08",
    "A face comparison is made only after the customer's separate consent.",
    "人脸比对须先取得客户单独同意。",
    source="PIPL arts 28-29",
)
CUS_09: Final = Rule(
    "CUS-09",
    "A person's face is compared, unless policy lets an approver compare it with the document.",
    "个人须人脸比对, 政策允许时可由复核人人工比对代替; 单位执照除外。",
    (policy.FACE_ALTERNATIVE_ALLOWED,),
)
CUS_10: Final = Rule(
    "CUS-10",
    "The copy of a document is marked with operator, purpose and date.",
    "证件复印件须标注运营商, 用途和日期。",
    (policy.COPY_MARKING,),
    "MIIT Order 25 (draft) art 9",
)
CUS_11: Final = Rule(
    "CUS-11",
    "An agent's verification shows both documents: the principal's and the agent's.",
    "代办须同时出示委托人和受托人的证件。",
    (policy.AGENT_BOTH_IDS,),
    "MIIT Order 25 art 6",
)
CUS_12: Final = Rule(
    "CUS-12",
    "An agent acts only within the scope, and until the day, of a verified authorisation.",
    "代办人仅可在经核验的授权范围和期限内办理。",
    (policy.VERIFICATION_VALID_HOURS,),
)
CUS_13: Final = Rule("CUS-13", "Only a verified agent is revoked.", "仅可撤销已核验的代办人。")
CUS_14: Final = Rule(
    "CUS-14",
    "A change of name or of the document's address names an evidence document.",
    "变更姓名或证件地址须有证明文件。",
)
CUS_15: Final = Rule(
    "CUS-15",
    "The change rests on a verification still valid, or on a code sent to the contact.",
    "变更须有仍在有效期内的身份核验, 仅凭联系方式建档者须凭一次性验证码。",
    (policy.VERIFICATION_VALID_HOURS,),
)
CUS_16: Final = Rule(
    "CUS-16",
    "A new document is the one that the verification named has seen.",
    "更换的证件须为该次身份核验所验证件。",
)
CUS_17: Final = Rule(
    "CUS-17",
    "A link names another customer and is made once; numbers are told of linked customers only.",
    "关联须指向另一客户且只建一次; 仅已关联客户可登记号码数。",
)
CUS_18: Final = Rule(
    "CUS-18",
    "The number disowned is a line of this customer that has not ended.",
    "否认的号码须为该客户名下未销户的号码。",
)
CUS_19: Final = Rule(
    "CUS-19",
    "Consent is an explicit act; silence is refusal.",
    "同意须明确作出, 沉默视为拒绝。",
    source="MIIT Order 31",
)
CUS_20: Final = Rule(
    "CUS-20",
    "Consent to face matching or to sharing with third parties is given separately.",
    "人脸比对和向第三方提供信息须单独同意。",
    source="PIPL arts 23, 29",
)
CUS_21: Final = Rule(
    "CUS-21",
    "A request has a new id, and what answers it names one that is open.",
    "个人信息请求使用新编号, 答复须针对未办结的请求。",
)
CUS_22: Final = Rule(
    "CUS-22",
    "A request refused is refused for a reason.",
    "拒绝个人信息请求须说明理由。",
    (policy.REFUSAL_NEEDS_REASON,),
    "PIPL art 50",
)
CUS_23: Final = Rule(
    "CUS-23",
    "Access, copy or transfer granted carries the document handed over and its digest.",
    "同意查阅, 复制或转移的, 须附答复文件及其摘要。",
    source="PIPL art 45",
)
CUS_24: Final = Rule(
    "CUS-24",
    "Only an open request becomes overdue, once, after its days have passed.",
    "仅未办结且超期的请求记为逾期。",
    (policy.REQUEST_ANSWER_DAYS,),
)
CUS_25: Final = Rule(
    "CUS-25",
    "Processing is restricted once at a time.",
    "同一时间只限制处理一次。",
)
CUS_26: Final = Rule(
    "CUS-26",
    "A standing restriction is lifted; one that waits for erasure only by a new contract.",
    "仅可解除现行限制; 待删除的限制仅因新签合约解除。",
    source="PIPL art 47(2)",
)
CUS_27: Final = Rule(
    "CUS-27",
    "Erasure waits until no line, order, payment, bill or listing is open, nor a request.",
    "名下号码, 订单, 款项, 账单, 惩戒名单及个人信息请求均已了结, 方可删除。",
    source="PIPL art 47",
)
CUS_28: Final = Rule(
    "CUS-28",
    "Erasure comes after the time for which law has identity, agreements, bills and consents kept.",
    "法定保存期限 (身份材料, 协议, 账单, 同意凭证) 届满后方可删除。",
    (
        policy.IDENTITY_RETENTION_YEARS,
        policy.AGREEMENT_RETENTION_YEARS,
        policy.BILLING_RETENTION_MONTHS,
        policy.CONSENT_PROOF_MONTHS,
    ),
    "PIPL art 47(2)",
)
CUS_29: Final = Rule(
    "CUS-29",
    "Erasure waits while a legal hold stands.",
    "法律保全未解除前不得删除。",
    source="PIPL art 47(2)",
)
CUS_30: Final = Rule(
    "CUS-30",
    "A hold has a new id, few stand at a time, and only a standing one is released.",
    "保全须有新编号且数量有限; 仅可解除现行保全。",
)
CUS_31: Final = Rule(
    "CUS-31",
    "A listing has a new id and ends within some years after it begins; only a standing one lifts.",
    "惩戒名单须有新编号, 期限不超过上限; 仅可解除现行名单。",
    (policy.LISTING_MAX_YEARS,),
    "joint punishment measures on telecom fraud 2024",
)
CUS_32: Final = Rule(
    "CUS-32",
    "A customer is terminated only when every line has ended.",
    "名下号码全部销户后方可终止客户。",
    (policy.IDENTITY_RETENTION_YEARS,),
)
CUS_33: Final = Rule(
    "CUS-33",
    "Those certified for privacy, privacy officers and auditors may read personal data in clear.",
    "仅持隐私保护认证者, 隐私专员和审计人员可查阅明文个人信息。",
    source="PIPL art 51",
)
CUS_34: Final = Rule(
    "CUS-34",
    "What is read or erased names what it is for: the customer's own request, or own entry.",
    "查阅明文或删除须指明依据: 该客户本人的请求或本人的条目。",
    source="PIPL art 6",
)
RULES: Final = (
    CST_07, CUS_01, CUS_03, CUS_04, CUS_05, CUS_06, CUS_07, CUS_08, CUS_09, CUS_10, CUS_11, CUS_12,
    CUS_13, CUS_14, CUS_15, CUS_16, CUS_17, CUS_18, CUS_19, CUS_20, CUS_21, CUS_22, CUS_23, CUS_24,
    CUS_25, CUS_26, CUS_27, CUS_28, CUS_29, CUS_30, CUS_31, CUS_32, CUS_33, CUS_34,
)  # fmt: skip
