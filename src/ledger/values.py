"""The small words of the catalogue: how an id, an amount, a day or a personal field may look.

Every interaction and event is declared with these types, so a limit is said once. Amounts are
fen (1/100 yuan), moments carry an offset, days are local dates of the hall. A personal field has
the type `Sealed`: the door checks its clear text against the `Clear` beside it and encrypts it,
so that nothing behind the door can read it, not even by mistake.
"""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Final, NewType

from msgspec import Meta

Id = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"\A[A-Za-z0-9._:-]+\Z", title="identifier")
]
Digest = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z", title="SHA-256 or HMAC-SHA-256, hex")]
Code = Annotated[str, Meta(max_length=64, pattern=r"\A[a-z][a-z0-9_]*\Z")]
Last4 = Annotated[str, Meta(pattern=r"\A[0-9]{4}\Z")]
Fen = Annotated[int, Meta(ge=0, le=1_000_000_000_000, title="amount in fen")]
FenPositive = Annotated[int, Meta(ge=1, le=1_000_000_000_000, title="amount in fen")]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Permille = Annotated[int, Meta(ge=0, le=1000)]
Moment = Annotated[datetime, Meta(tz=True)]
Day = date
Str16 = Annotated[str, Meta(min_length=1, max_length=16)]
Str32 = Annotated[str, Meta(min_length=1, max_length=32)]
Str64 = Annotated[str, Meta(min_length=1, max_length=64)]
Str100 = Annotated[str, Meta(min_length=1, max_length=100)]
Str200 = Annotated[str, Meta(min_length=1, max_length=200)]
Str254 = Annotated[str, Meta(min_length=1, max_length=254)]
Str500 = Annotated[str, Meta(min_length=1, max_length=500)]
Text = Annotated[str, Meta(min_length=1, max_length=2000)]

Sealed = NewType("Sealed", str)
"""A personal field after the door: `<key id>.<base64 of nonce and AES-GCM ciphertext>`."""


@dataclass(frozen=True)
class Clear:
    """What the clear text of a personal field must look like; `sensitive` as PIPL art 28 has it."""

    type: Any
    sensitive: bool = False


SealedStr32 = Annotated[Sealed, Clear(Str32)]
SealedStr200 = Annotated[Sealed, Clear(Str200)]
SealedStr254 = Annotated[Sealed, Clear(Str254)]
SealedStr500 = Annotated[Sealed, Clear(Str500)]
SealedText = Annotated[Sealed, Clear(Text)]
SealedDay = Annotated[Sealed, Clear(date)]
SealedNumber = Annotated[Sealed, Clear(Str64, sensitive=True)]
"""A document number: sensitive personal information."""

CHINA_OFFSET: Final = timedelta(hours=8)
"""All halls are in one zone, Asia/Shanghai, which has had no summer time since 1991."""

Derived = Mapping[str, str]
"""What the door derived from personal fields before sealing them, e.g. `{"minor": "no"}`."""


def business_day(moment: datetime) -> date:
    """The hall's local date at `moment`, which must carry an offset."""
    return (moment.astimezone(UTC) + CHINA_OFFSET).date()


def local_midnight(day: date) -> datetime:
    """The moment (UTC) at which `day` begins in the hall."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - CHINA_OFFSET


def months_after(day: date, months: int) -> date:
    """The same day of the month, `months` later; the last of the month where there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def whole_seconds(start: datetime, end: datetime) -> int:
    """Seconds from `start` to `end`, never negative: counter clocks differ a little."""
    return max(0, int((end - start).total_seconds()))
