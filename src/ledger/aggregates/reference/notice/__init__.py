"""Notice: what tells a partition of a reference fact, whole and with its version.

No TM Forum resource. The reactor broadcasts one to every partition when the operator, or a clerk's
file, records something that other owners' rules read. A notice that a newer one has overtaken is
recorded and changes nothing, so that two reactors may overtake each other.
"""

from typing import Final

from ledger.aggregates.reference.notice.decide import decide as decide
from ledger.aggregates.reference.notice.events import *
from ledger.aggregates.reference.notice.interactions import *
from ledger.aggregates.reference.notice.react import react as react
from ledger.aggregates.reference.notice.rules import RULES as RULES
from ledger.aggregates.reference.notice.state import *

NAME: Final = "reference"
