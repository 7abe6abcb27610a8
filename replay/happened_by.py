"""What had happened by a moment, by counter time: a selection of entries, no prefix of the log.

An entry counts at the latest time seen so far in its streams: those that its events stand on, and
the one that its interaction is of. So a stream ends with its first entry that does not count, and
what is chosen of each stream is always a prefix of it, though counter clocks differ and messages
come late. A refused interaction changed no stream, and counts at its own time; a message that could
not be read, at the time it was recorded; the founding always.
"""

from collections.abc import Sequence
from datetime import datetime

from ledger import wire
from ledger.entry import Entry, decode


class HappenedBy:
    """Chooses among entries that come in each partition's order; remembers the streams that ended.

    `count` says how many counted so far.
    """

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._ended: set[str] = set()
        self.count = 0

    def left_out(self, records: Sequence[bytes]) -> list[tuple[int, int]]:
        """The partition and position of those accepted records that do not count."""
        entries = [decode(record) for record in records]
        places = [(entry.partition, entry.position) for entry in entries if not self.counts(entry)]
        self.count += len(records) - len(places)
        return places

    def counts(self, entry: Entry) -> bool:
        """Whether the entry that follows those seen so far had happened by the moment."""
        if entry.founding is not None:
            return True
        said = entry.interaction
        if said is None:
            return entry.recorded_at <= self._moment
        if entry.refusal is not None:
            return said.time <= self._moment
        streams = streams_of(entry)
        if said.time <= self._moment and self._ended.isdisjoint(streams):
            return True
        self._ended |= streams
        return False


def streams_of(entry: Entry) -> set[str]:
    """The streams, named with their owner, of an interaction that was recorded."""
    said = entry.interaction
    if said is None:
        return set()
    interaction = wire.interaction_of(said)
    own = wire.INTERACTIONS[said.type].aggregate.stream(said, interaction)
    names = {own, *(event.stream for event in entry.events)}
    return {wire.stream_key(said.subject, name) for name in names}
