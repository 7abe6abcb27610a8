"""Deciding every recorded interaction again, from the log alone: the same events or refusal?

It is a what-if without a change, in which the recorded stands: each decision is judged by the past
as it was recorded, so that one that differs does not make others differ. What was derived from
personal fields stands in the entries, so this works after erasure too. Nothing is written.
"""

from collections.abc import Iterator

from ledger.logs.sqlite import SqliteLog
from replay.what_if import UNCHANGED, Difference, Walk

__all__ = ["Difference", "decide_again"]


def decide_again(log: SqliteLog) -> Iterator[Difference]:
    """The entries that are not decided again as they were recorded; none, unless rules changed."""
    for found in Walk(log, UNCHANGED, recorded_stands=True).findings():
        assert isinstance(found, Difference), f"where the recorded stands nothing is {found}"
        yield found
