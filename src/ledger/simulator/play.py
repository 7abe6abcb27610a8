"""The play: all halls, day after day, as one stream of messages in time order."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ledger.facts import Clerk, Founding
from ledger.simulator.founding import founding_of
from ledger.simulator.hall import HallLife
from ledger.simulator.head_office import Operator
from ledger.simulator.world import DAY, World


def days(seed: int, halls: int = 3) -> Iterator[Iterator[bytes]]:
    """One stream of messages a day, without end. Each must be read to its end before the next."""
    world = World(seed)
    founding = founding_of(seed, halls)
    operator = Operator(world, founding)
    lives = _halls(world, operator, founding)
    while True:
        if world.on(world.day).weekday() == 0:
            operator.begin_week()
        for life in lives:
            life.begin_day()
        yield world.run((world.day + 1) * DAY)


def messages(
    seed: int, halls: int = 3, *, days_played: int | None = None, count: int | None = None
) -> Iterator[bytes]:
    """Structured CloudEvents, one JSON text each, in time order over all halls.

    Stops after so many days or messages, whichever comes first; without either it never ends. The
    same seed and halls give the same bytes, and the ledger of `founding_of` takes all of them.
    """
    played = islice(days(seed, halls), days_played)
    return islice((message for day in played for message in day), count)


def write_messages(path: Path, seed: int, halls: int, count: int) -> None:
    """Writes that many messages to a file, one a line."""
    with path.open("wb") as file:
        for message in messages(seed, halls, count=count):
            file.write(message + b"\n")


def _halls(world: World, operator: Operator, founding: Founding) -> list[HallLife]:
    ids = [hall.hall_id for hall in founding.halls]
    others = [*ids[1:], ids[0]] if len(ids) > 1 else [None]
    return [
        HallLife(world, operator, hall, _staff(founding, hall.hall_id), other)
        for hall, other in zip(founding.halls, others, strict=True)
    ]


def _staff(founding: Founding, hall_id: str) -> list[Clerk]:
    return [clerk for clerk in founding.clerks if clerk.hall_ids == (hall_id,)]
