"""HallDay: the totals of one hall and business day (日结), signed by two people.

No TM Forum resource. `open -> prepared -> signed_off`, `prepared -> open` by withdrawal. A day
opens by itself with the hall's first shift or payment of the day; a day on which nothing happens
is no business day. What comes for a day that is signed off stands on the newest day as a late
entry.
"""

from typing import Final

from ledger.aggregates.hall.hall_day.decide import decide as decide
from ledger.aggregates.hall.hall_day.events import *
from ledger.aggregates.hall.hall_day.interactions import *
from ledger.aggregates.hall.hall_day.react import react as react
from ledger.aggregates.hall.hall_day.rules import RULES as RULES
from ledger.aggregates.hall.hall_day.state import *

NAME: Final = "hall_day"
