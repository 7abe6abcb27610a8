"""Subscription: one line in service, with its plan, its contract locks and what billing tells.

TMF637 Product. `pending_active -> active <-> suspended -> pending_terminate -> terminated`,
`pending_active -> cancelled`; a termination order that ends without it brings the line back.
Beside the status: why it is suspended, its locks, its bills, its arrears.
"""

from typing import Final

from ledger.aggregates.customer.subscription.decide import decide as decide
from ledger.aggregates.customer.subscription.events import *
from ledger.aggregates.customer.subscription.interactions import *
from ledger.aggregates.customer.subscription.react import react as react
from ledger.aggregates.customer.subscription.rules import RULES as RULES
from ledger.aggregates.customer.subscription.state import *

NAME: Final = "subscription"
