"""Policy: the numbers of one version, their sources, and from when they are in force.

No TM Forum resource. `published -> withdrawn`; which version is in force follows from the times:
each begins after all that were published before it, and its beginning ends the one before. A
version records what it changes beside the version it is based on.
"""

from typing import Final

from ledger.aggregates.operator.policy.decide import decide as decide
from ledger.aggregates.operator.policy.events import *
from ledger.aggregates.operator.policy.interactions import *
from ledger.aggregates.operator.policy.react import react as react
from ledger.aggregates.operator.policy.rules import RULES as RULES
from ledger.aggregates.operator.policy.state import *

NAME: Final = "policy"
