"""ServiceOrder: one business handled at the counter, from the form to the last item in service.

TMF622 ProductOrder, TMF651 Agreement and TMF701 ProcessFlow. `draft -> acknowledged -> in_progress
<-> pending | held -> completed | partial | failed`; `draft | acknowledged | held -> rejected`;
`acknowledged | in_progress | pending | held -> assessing_cancellation -> pending_cancellation ->
cancelled` (denied: back to where it was); `draft -> cancelled` when abandoned or expired.
"""

from typing import Final

from ledger.aggregates.customer.order.decide import decide as decide
from ledger.aggregates.customer.order.events import *
from ledger.aggregates.customer.order.interactions import *
from ledger.aggregates.customer.order.react import react as react
from ledger.aggregates.customer.order.rules import RULES as RULES
from ledger.aggregates.customer.order.state import Agreement as Agreement
from ledger.aggregates.customer.order.state import Item as Item
from ledger.aggregates.customer.order.state import State as State
from ledger.aggregates.customer.order.state import evolve as evolve
from ledger.aggregates.customer.order.state import stream as stream
from ledger.aggregates.customer.order.words import line_of as line_of

NAME: Final = "order"
