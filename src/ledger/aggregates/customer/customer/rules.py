"""The rules of a customer, in the order in which they are checked."""

from typing import Final

from ledger import policy
from ledger.rules import Rule

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
RULES: Final = (
    CUS_01, CUS_03, CUS_04, CUS_05, CUS_06, CUS_07, CUS_08, CUS_09, CUS_10, CUS_14, CUS_15, CUS_19,
    CUS_20,
)  # fmt: skip
