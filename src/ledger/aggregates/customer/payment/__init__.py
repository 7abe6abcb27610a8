"""Payment: money taken at a counter for a customer, what it pays for, and what goes back.

TMF676 Payment and Refund. Cash starts `captured`; a card or wallet may be asked first:
`pending_authorization -> authorized -> captured`, or `failed`, `denied`, `canceled` without money.
`captured -> done` (allocated and receipted), `captured | done -> canceled` by reversal. A refund
lives inside its payment: `pending_authorization -> authorized -> done | failed`,
`pending_authorization -> denied`. So do invoices, each until its credit note.
"""

from typing import Final

from ledger.aggregates.customer.payment.decide import decide as decide
from ledger.aggregates.customer.payment.events import *
from ledger.aggregates.customer.payment.interactions import *
from ledger.aggregates.customer.payment.react import react as react
from ledger.aggregates.customer.payment.rules import RULES as RULES
from ledger.aggregates.customer.payment.state import *

NAME: Final = "payment"
