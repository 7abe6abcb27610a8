"""What is said of a year's calendar."""

from typing import Annotated, Final

from msgspec import Meta

from ledger.aggregates.model import Interaction
from ledger.values import Day


class Publish(
    Interaction,
    type="calendar.publish.v1",
    allowed_in=("-", "published"),
    roles=("hr_officer", "compliance_officer"),
):
    """As `facts.Calendar` has it; a correction of a year is published whole."""

    year: Annotated[int, Meta(ge=2000, le=2100)]
    holidays: Annotated[tuple[Day, ...], Meta(max_length=60)] = ()
    working_weekend_days: Annotated[tuple[Day, ...], Meta(max_length=30)] = ()


AnyInteraction = Publish
INTERACTIONS: Final[tuple[type[Interaction], ...]] = (Publish,)
