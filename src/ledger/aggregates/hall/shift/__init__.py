"""Shift: one clerk's duty at one counter, `opened -> closed`. No TM Forum resource."""

from typing import Final

from ledger.aggregates.hall.shift.decide import decide as decide
from ledger.aggregates.hall.shift.events import *
from ledger.aggregates.hall.shift.interactions import *
from ledger.aggregates.hall.shift.react import react as react
from ledger.aggregates.hall.shift.rules import RULES as RULES
from ledger.aggregates.hall.shift.state import *

NAME: Final = "shift"
