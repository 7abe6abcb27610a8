"""Procedure: how kinds of orders are handled, step by step.

TMF701 ProcessFlowSpecification. `published`, version after version, until it is `withdrawn` because
the business ends; which version is in force follows from the times. Orders keep the version they
were placed under.
"""

from typing import Final

from ledger.aggregates.operator.procedure.decide import decide as decide
from ledger.aggregates.operator.procedure.events import *
from ledger.aggregates.operator.procedure.interactions import *
from ledger.aggregates.operator.procedure.react import react as react
from ledger.aggregates.operator.procedure.rules import RULES as RULES
from ledger.aggregates.operator.procedure.state import *

NAME: Final = "procedure"
