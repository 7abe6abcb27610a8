"""Who stands above the counters of a hall."""

from typing import Final

from ledger.facts import Role

LEADS: Final[tuple[Role, ...]] = ("supervisor", "manager", "regional_manager")
"""They approve, explain and sign, and act for a clerk who is gone."""
