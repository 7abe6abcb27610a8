"""Facts in versions: each has force from a moment of its own, whenever it becomes known."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Generic, TypeVar

import msgspec

from ledger.values import Moment

F = TypeVar("F")
KEPT: Final = 32
"""How many dated versions of one fact that have begun are kept; those announced all are."""


class Dated(msgspec.Struct, Generic[F], frozen=True):
    """A fact as one of its versions has it, and from when; version 0 is the founding's.

    One version may have several moments: what it changes holds in what was announced before, too.
    """

    version: int
    from_at: Moment
    fact: F


Versions = tuple[Dated[F], ...]
"""In the order of their moments. A version takes the place of older ones that do not begin before
it; so what is known does not depend on the order in which versions become known."""


def with_version(versions: Versions[F], dated: Dated[F], now: datetime) -> Versions[F]:
    """The versions after one more is known at `now`, however late; one overtaken changes nothing.

    Of those that have begun only the newest few are kept.
    """
    if overtaken(((known.version, known.from_at) for known in versions), dated) is not None:
        return versions
    standing = [
        known
        for known in versions
        if known.version >= dated.version or known.from_at < dated.from_at
    ]
    standing = sorted([*standing, dated], key=lambda known: known.from_at)
    begun = sum(1 for known in standing if known.from_at <= now)
    return tuple(standing[max(0, begun - KEPT) :])


def overtaken(known: Iterable[tuple[int, datetime]], dated: Dated[F]) -> int | None:
    """The version that is known and leaves nothing to `dated`, if there is one."""
    for version, from_at in known:
        if (version > dated.version and from_at <= dated.from_at) or (
            version == dated.version and from_at == dated.from_at
        ):
            return version
    return None


def changed(
    versions: Versions[F], version: int, from_at: datetime, change: Callable[[F], F]
) -> Versions[F]:
    """What `version` says by a change from a moment on, of a fact that has `versions`.

    That is the fact in force then with the change, and every one announced for later with it, too.
    """
    base = in_force(versions, from_at)
    now = () if base is None else (Dated(version, from_at, change(base.fact)),)
    later = (known for known in versions if known.from_at > from_at and known is not base)
    return (*now, *(Dated(version, known.from_at, change(known.fact)) for known in later))


def in_force(versions: Iterable[Dated[F]], moment: datetime) -> Dated[F] | None:
    """The version in force at `moment`; the first one also holds before it began, if founded."""
    found: Dated[F] | None = None
    for dated in versions:
        if dated.from_at <= moment or (found is None and dated.version == 0):
            found = dated
    return found


def fact_at(versions: Iterable[Dated[F]], moment: datetime) -> F | None:
    """The fact as it is in force at `moment`."""
    dated = in_force(versions, moment)
    return dated.fact if dated is not None else None
