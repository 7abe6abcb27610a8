"""What if the policy had been another: every recorded interaction decided again.

People's behaviour is taken as recorded. What follows from their interactions is not: a recorded
follow-on is decided at its recorded place if its cause still happens with the same due time; if not
it is dropped; one that was never recorded is made right after its cause, or when due.
"""

from replay.what_if.change import UNCHANGED, Change, load
from replay.what_if.findings import Difference, Finding, Made, NotHappened
from replay.what_if.report import Report, group_of, what_if
from replay.what_if.walk import Walk

__all__ = [
    "UNCHANGED",
    "Change",
    "Difference",
    "Finding",
    "Made",
    "NotHappened",
    "Report",
    "Walk",
    "group_of",
    "load",
    "what_if",
]
