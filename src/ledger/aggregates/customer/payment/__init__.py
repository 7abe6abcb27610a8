"""Payment: money taken at a counter for a customer, what it pays for, and what goes back.

TMF676 Payment and Refund. `captured -> done` (allocated and receipted), `captured | done ->
canceled` by reversal. A refund lives inside its payment: `pending_authorization -> authorized ->
done | failed`, `pending_authorization -> denied`.
"""

from typing import Final

from ledger.aggregates.customer.payment.decide import decide as decide
from ledger.aggregates.customer.payment.events import *
from ledger.aggregates.customer.payment.interactions import *
from ledger.aggregates.customer.payment.react import react as react
from ledger.aggregates.customer.payment.rules import RULES as RULES
from ledger.aggregates.customer.payment.state import *

NAME: Final = "payment"
