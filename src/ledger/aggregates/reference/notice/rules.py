"""No rule refuses a notice; ENV-03 says who may send one."""

from typing import Final

from ledger.rules import Rule

RULES: Final[tuple[Rule, ...]] = ()
