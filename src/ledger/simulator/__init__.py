"""The simulator: halls, clerks and customers that behave, by a seed and nothing else.

What it sends is simulated, and the ledger that `founding_of` founds says so everywhere. People act
without knowing what the ledger answers, as at real counters: most of what they do is in order,
some is refused by a rule, some is sent twice.
"""

from ledger.simulator.founding import ORIGIN, founding_of
from ledger.simulator.play import messages, write_messages

__all__ = ["ORIGIN", "founding_of", "messages", "write_messages"]
