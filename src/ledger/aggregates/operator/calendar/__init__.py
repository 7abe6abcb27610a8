"""Calendar: a year's public holidays, and the weekend days worked in exchange (调休).

No TM Forum resource. `published`; a year that is published again is so from then on.
"""

from typing import Final

from ledger.aggregates.operator.calendar.decide import decide as decide
from ledger.aggregates.operator.calendar.events import *
from ledger.aggregates.operator.calendar.interactions import *
from ledger.aggregates.operator.calendar.react import react as react
from ledger.aggregates.operator.calendar.rules import RULES as RULES
from ledger.aggregates.operator.calendar.state import *

NAME: Final = "calendar"
