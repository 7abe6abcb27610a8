"""Visit: one customer's stay in the hall, from arrival over the queue ticket to closing and rating.

TMF683 PartyInteraction. `open -> in_progress -> completed`; the ticket goes `none -> waiting ->
called -> served`, `waiting | called -> abandoned`, `called -> no_show -> waiting`. In progress it
is served by one clerk, or by nobody while a transfer waits; what was asked, quoted, recommended and
supported stands in it. The visit's id is the envelope's `visit`. That ratings come from a pad or
link and never from a clerk (VIS-33) is said by the marks of `Rate` and refused as ENV-03; that the
counter is the one of the actor's shift (the first half of VIS-05) is ENV-06.
"""

from typing import Final

from ledger.aggregates.hall.visit.decide import decide as decide
from ledger.aggregates.hall.visit.events import *
from ledger.aggregates.hall.visit.interactions import *
from ledger.aggregates.hall.visit.react import react as react
from ledger.aggregates.hall.visit.rules import RULES as RULES
from ledger.aggregates.hall.visit.state import *
from ledger.aggregates.hall.visit.words import *

NAME: Final = "visit"
