"""CashDrawer: the cash in one clerk's hands, from the float to the bank.

No TM Forum resource; the payments are the customer's. `opened -> counted -> closed -> deposited`,
`opened | discrepant -> discrepant -> explained -> closed`; a copy that comes after the count makes
the drawer `discrepant`, or `counted` where it was what was missing. Money due to no bank ends in
`closed`.
"""

from typing import Final

from ledger.aggregates.hall.drawer.decide import decide as decide
from ledger.aggregates.hall.drawer.events import *
from ledger.aggregates.hall.drawer.interactions import *
from ledger.aggregates.hall.drawer.react import react as react
from ledger.aggregates.hall.drawer.rules import RULES as RULES
from ledger.aggregates.hall.drawer.state import *

NAME: Final = "drawer"
