"""Customer: who deals with the operator, how that was verified, and what they consented to.

TMF629 Customer, TMF632 Party, TMF644 privacy. `prospective -> active` by the first identity
verification that succeeds, `active -> terminated` when every line has ended, and back by return.
`prospective | terminated -> erasing` by the order to erase, `erasing -> erased` once the keys are
destroyed. Beside the status: agents, consents, requests about data, a restriction of processing,
legal holds, listings by authorities, other files of the same person. The owner's id comes from a
keyed digest: `d` and 32 characters of the identity digest, or `p` and 32 of the contact digest for
someone who has shown no document; with `.2` and so on for someone who comes back after erasure.
"""

from typing import Final

from ledger.aggregates.customer.customer.decide import decide as decide
from ledger.aggregates.customer.customer.events import *
from ledger.aggregates.customer.customer.interactions import *
from ledger.aggregates.customer.customer.react import react as react
from ledger.aggregates.customer.customer.rules import RULES as RULES
from ledger.aggregates.customer.customer.state import *
from ledger.aggregates.customer.customer.words import *

NAME: Final = "customer"
