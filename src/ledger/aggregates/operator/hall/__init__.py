"""Hall register: which halls there are, with their counters, hours and area.

TMF674 GeographicSite. `registered -> closed_down`; a hall is active from the day it opens to its
last day. What changes has force from a moment ahead; what was announced for later holds it too.
That a hall's id is used once (HLR-01) is ENV-11.
"""

from typing import Final

from ledger.aggregates.operator.hall.decide import decide as decide
from ledger.aggregates.operator.hall.events import *
from ledger.aggregates.operator.hall.interactions import *
from ledger.aggregates.operator.hall.react import react as react
from ledger.aggregates.operator.hall.rules import RULES as RULES
from ledger.aggregates.operator.hall.state import *

NAME: Final = "hall_register"
