"""Case: the hall's copy of each open customer case, so that every case has exactly one keeper.

No TM Forum resource. `kept -> offered -> kept`, `kept | offered -> released`. Taking and releasing
are copies of what the customer's ledger recorded, and never refused: one that does not fit is
recorded as unplaced, and a release ends its case even where it comes before the taking. The case
itself is decided in the customer's partition.
"""

from typing import Final

from ledger.aggregates.hall.case.decide import decide as decide
from ledger.aggregates.hall.case.events import *
from ledger.aggregates.hall.case.interactions import *
from ledger.aggregates.hall.case.react import react as react
from ledger.aggregates.hall.case.rules import RULES as RULES
from ledger.aggregates.hall.case.state import *

NAME: Final = "case"
