"""Product: what may be sold, at what tariff, and where that has been made public (资费公示).

TMF620 ProductOffering and ProductOfferingPrice. A tariff version is `published -> disclosed`, back
when its disclosure ends, and withdrawn by somebody or when its validity is over; it is never
changed. The product's own state is that of its tariff versions until it is `withdrawn` whole. On
sale is what is disclosed, within its validity and not withdrawn.
"""

from typing import Final

from ledger.aggregates.operator.product.decide import decide as decide
from ledger.aggregates.operator.product.events import *
from ledger.aggregates.operator.product.interactions import *
from ledger.aggregates.operator.product.react import react as react
from ledger.aggregates.operator.product.rules import RULES as RULES
from ledger.aggregates.operator.product.state import *

NAME: Final = "product"
