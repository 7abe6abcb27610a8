"""Telling every partition what has become known: the follow-ons of events that change a fact."""

from collections.abc import Iterable

from ledger.aggregates.model import BROADCAST, FollowOn, Interaction


def to_all(notes: Iterable[Interaction]) -> list[FollowOn]:
    """One follow-on a notice, each to every partition: `note`, then `note.1` and so on."""
    return [
        FollowOn(f"note.{number}" if number else "note", BROADCAST, note)
        for number, note in enumerate(notes)
    ]
