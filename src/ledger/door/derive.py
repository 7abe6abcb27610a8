"""What rules may know of a personal field: derived here, in clear, before the field is sealed.

Rules never read personal fields, so that replay works after erasure. Each function here takes the
clear value and gives a short text that stands in the entry's `derived`.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from ledger import policy
from ledger.door.faults import malformed
from ledger.policy import Policy
from ledger.values import business_day

MAX_AGE: Final = 150


def minor(birth_on: date, time: datetime, in_force: Policy) -> str:
    """`under_14`, `14_to_17` or `no`, on the hall's local day of `time`.

    The lower limit is the policy's guardian age. Someone born on 29 February is a year older on
    1 March. Raises NotAdmitted for a day after `time` or more than 150 years before it.
    """
    today = business_day(time)
    age = today.year - birth_on.year - ((today.month, today.day) < (birth_on.month, birth_on.day))
    if not 0 <= age <= MAX_AGE:
        raise malformed("/data/birth_on", "the day of birth lies ahead, or too far back")
    if age < in_force[policy.GUARDIAN_AGE]:
        return "under_14"
    return "14_to_17" if age < 18 else "no"


DERIVATIONS: Final[Mapping[str, tuple[str, Callable[[Any, datetime, Policy], str]]]] = (
    MappingProxyType({"birth_on": ("minor", minor)})
)
"""By personal field: the name under which a rule finds what was derived, and the function."""
