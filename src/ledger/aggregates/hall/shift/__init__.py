"""Shift: one clerk's duty at one counter, `opened -> handed_over -> closed`, `opened -> closed`.

No TM Forum resource. A clerk logs in at terminals, pauses, moves to another counter, helps
colleagues and hands the open cases over within it. A session that is live at the close ends there.
"""

from typing import Final

from ledger.aggregates.hall.shift.decide import decide as decide
from ledger.aggregates.hall.shift.events import *
from ledger.aggregates.hall.shift.interactions import *
from ledger.aggregates.hall.shift.react import react as react
from ledger.aggregates.hall.shift.rules import RULES as RULES
from ledger.aggregates.hall.shift.state import *

NAME: Final = "shift"
