"""What verifying finds."""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """One thing that does not hold: which check found it, where, and in a sentence what."""

    check: str
    sentence: str
    partition: int | None = None
    position: int | None = None
