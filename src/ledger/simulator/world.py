"""The simulated world: its clock, its chance, and the messages that people and machines send.

Everyone in it is an `Actor`: a generator that acts when it is resumed and yields the seconds until
it acts again. The world resumes whoever is next, so messages come in time order over all halls. It
knows no clock but its own and no chance but its seed's.
"""

import heapq
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from random import Random
from typing import Final, TypeVar

import msgspec

Actor = Iterator[int]
Data = dict[str, object]
T = TypeVar("T")

FIRST_DAY: Final = date(2026, 11, 2)
DAY: Final = 86_400
HOUR: Final = 3_600
REPEATED: Final = 0.01
"""How many messages are sent a second time."""
STAMPED_ANEW: Final = 0.04
"""How many of those carry a new time: other content under the same id, which ENV-01 refuses."""


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A structured CloudEvent. `specversion`, `id` and `time` are set when it is sent."""

    specversion: str = ""
    id: str = ""
    source: str
    type: str
    subject: str
    time: str = ""
    actor: str
    hall: str | None = None
    counter: str | None = None
    visit: str | None = None
    approver: str | None = None
    channel: str | None = None
    data: Data


class World:
    """`now` is in seconds since the first day's midnight, local time of the halls."""

    def __init__(self, seed: int) -> None:
        self.random: Final = Random(seed)
        self.now = 0
        self._waiting: list[tuple[int, int, Actor]] = []
        self._started = 0
        self._numbers = 0
        self._sent: list[bytes] = []
        self._encode: Final = msgspec.json.Encoder().encode
        self._today = (-1, "")

    def start(self, actor: Actor, after_seconds: int = 0) -> None:
        """Lets an actor act for the first time, that many seconds from now."""
        self._started += 1
        heapq.heappush(self._waiting, (self.now + after_seconds, self._started, actor))

    def run(self, until: int) -> Iterator[bytes]:
        """What is sent before the moment `until`, in time order."""
        waiting, sent = self._waiting, self._sent
        while waiting and waiting[0][0] < until:
            self.now, number, actor = heapq.heappop(waiting)
            seconds = next(actor, None)
            if seconds is not None:
                heapq.heappush(waiting, (self.now + seconds, number, actor))
            if sent:
                yield from sent
                sent.clear()
        self.now = until

    def send(self, message: Message) -> str:
        """Sends a message now and returns its id; a few are sent again later, as they are or with
        a new time."""
        self._numbers += 1
        id_ = f"{message.source}-{self._numbers:07d}"
        message = msgspec.structs.replace(
            message, specversion="1.0", id=id_, time=self.moment(self.now)
        )
        line = self._encode(message)
        self._sent.append(line)
        if self.random.random() < REPEATED:
            self.start(self._send_again(message, line), self.between(1, 40))
        return id_

    def _send_again(self, message: Message, line: bytes) -> Actor:
        if self.chance(STAMPED_ANEW):
            line = self._encode(msgspec.structs.replace(message, time=self.moment(self.now)))
        self._sent.append(line)
        yield from ()

    def new_id(self, prefix: str) -> str:
        self._numbers += 1
        return f"{prefix}-{self._numbers}"

    # Chance

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.random.random() * (high - low + 1))

    def pick(self, those: Sequence[T]) -> T:
        return those[int(self.random.random() * len(those))]

    def digits(self, count: int) -> str:
        return str(int(self.random.random() * 10**count)).zfill(count)

    # Time

    @property
    def day(self) -> int:
        """The number of the day, from 0."""
        return self.now // DAY

    @property
    def second_of_day(self) -> int:
        return self.now % DAY

    def on(self, day: int) -> date:
        return FIRST_DAY + timedelta(days=day)

    def moment(self, seconds: int) -> str:
        """A moment in RFC 3339, `seconds` since the first day's midnight."""
        day, second = divmod(seconds, DAY)
        if day != self._today[0]:
            self._today = (day, self.on(day).isoformat())
        hour, second = divmod(second, HOUR)
        minute, second = divmod(second, 60)
        return f"{self._today[1]}T{hour:02d}:{minute:02d}:{second:02d}+08:00"
