"""Clerk profile: who a clerk is to the ledger, with role, halls, training and certifications.

TMF632 Individual and TMF669 PartyRole. `engaged <-> suspended -> left`, `left -> engaged` by a new
engagement, `left -> erasing -> erased` some years later. A training is `assigned -> attending ->
completed | missed`, `missed -> attending`; a certification `valid -> expired | withdrawn -> valid`.
Everybody who acts in the ledger is a clerk here. That a clerk is engaged once at a time (PRF-02) is
ENV-12.
"""

from typing import Final

from ledger.aggregates.clerk.profile.decide import decide as decide
from ledger.aggregates.clerk.profile.events import *
from ledger.aggregates.clerk.profile.interactions import *
from ledger.aggregates.clerk.profile.react import react as react
from ledger.aggregates.clerk.profile.rules import RULES as RULES
from ledger.aggregates.clerk.profile.state import *

NAME: Final = "clerk"
