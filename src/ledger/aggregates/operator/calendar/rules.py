"""The rules of a calendar, in the order in which they are checked."""

from typing import Final

from ledger.rules import Rule

CAL_01: Final = Rule(
    "CAL-01", "Each day is of the year, and named once.", "日期均属该年度且不重复。"
)
CAL_02: Final = Rule(
    "CAL-02",
    "A day worked in exchange is a Saturday or Sunday.",
    "调休上班日须为周六或周日。",
)
RULES: Final = (CAL_01, CAL_02)
