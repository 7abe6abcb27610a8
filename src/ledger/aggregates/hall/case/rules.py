"""The rules of a case, in the order in which they are checked."""

from typing import Final

from ledger.rules import Rule

CAS_01: Final = Rule(
    "CAS-01",
    "A case that is handed over with a shift is open here, and offered to nobody else.",
    "随班交接的工单须在本厅保管中, 且未转交他人。",
)
CAS_02: Final = Rule(
    "CAS-02",
    "Who hands a case over keeps it.",
    "转交人须为该工单的当前保管人。",
)
CAS_03: Final = Rule(
    "CAS-03",
    "The receiver of a case is another clerk, in service at this hall.",
    "接收人须为本厅另一名在岗营业员。",
)
CAS_04: Final = Rule(
    "CAS-04",
    "The actor is the clerk the case was offered to.",
    "操作人须为被转交的营业员本人。",
)
RULES: Final = (CAS_01, CAS_02, CAS_03, CAS_04)
