"""Everything is killed, again and again, under load: what was acknowledged stands, once, in order.

Two deciders, a reactor, a projector, a publisher and the broker itself are killed (-9) or paused
until others have taken their place, while messages come in. What the broker acknowledged, and what
sources were told, is kept in a journal of the test's own.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.projector import project_all
from ledger.entry import Entry, Head
from ledger.logs.kafka import KafkaLog
from ledger.partition import partition_of
from ledger.projections.compare import differences
from ledger.projections.engine import Projector
from tests.consumers.reading import entries_of
from tests.kafka.broker import Broker
from tests.kafka.under_load import Load, World, allocations

SEED = 20_261_124
CONSUMERS = ("decider-1", "decider-2", "reactor", "projector", "publisher")
LONG_PAUSE_SECONDS = 12
"""Longer than the group waits for a member: another has its partitions when it wakes."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    broker = Broker(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


@pytest.mark.parametrize(
    ("seed", "cycles"),
    [
        pytest.param(SEED, 60, marks=pytest.mark.timeout(1_200)),
        pytest.param(SEED + 1, 500, marks=[pytest.mark.soak, pytest.mark.timeout(7_200)]),
    ],
)
def test_killed_at_any_moment_nothing_is_lost_doubled_or_out_of_order(
    broker: Broker, tmp_path: Path, seed: int, cycles: int
) -> None:
    world = World(broker, tmp_path, CONSUMERS)
    with world.running() as load:
        torment(world, random.Random(seed), cycles)
        sent = load.stop()
        world.settle(sent)
    assert len(sent) > 10 * cycles
    log = KafkaLog(world.cluster, tmp_path / "fresh.sqlite")
    found = entries_of(log)
    nothing_is_lost_or_doubled(found, load)
    nothing_is_out_of_order(found)
    what_sources_were_told_is_so(found, load)
    follow_ons_happened_once(found)
    tables_equal_a_rebuild(world, log, tmp_path)
    assert {cause for _, cause, _, _ in log.voids()} <= {"stale", "duplicate"}
    log.close()


def torment(world: World, chance: random.Random, cycles: int) -> None:
    """Kills or pauses one after the other; every tenth time it is the broker."""
    for number in range(cycles):
        if number % 10 == 9:
            world.broker.kill()
            time.sleep(chance.random())
            world.broker.start()
            continue
        victim = world.consumers[chance.choice(CONSUMERS)]
        if number % 15 == 7:
            victim = world.consumers[chance.choice(CONSUMERS[:2])]
            victim.pause(LONG_PAUSE_SECONDS)
        elif chance.random() < 0.2:
            victim.pause(chance.random() * 2)
        else:
            victim.kill()
            time.sleep(chance.random())
            victim.start()
        time.sleep(chance.random())
        world.revive()


def nothing_is_lost_or_doubled(found: list[Entry], load: Load) -> None:
    said = [each.interaction for each in found if each.interaction]
    counts = Counter((each.subject, each.source, each.id) for each in said)
    assert [message for message in load.acknowledged if counts[message] != 1] == []
    assert [message for message, count in counts.items() if count != 1] == []
    # Every owner lives in one partition only, wherever its messages were put.
    assert all(
        each.partition == partition_of(each.interaction.subject, 2)
        for each in found
        if each.interaction
    )


def nothing_is_out_of_order(found: list[Entry]) -> None:
    """In each partition the messages of a topic have their entries in the topic's order."""
    newest: dict[tuple[int, str], int] = {}
    for entry in found:
        if entry.intake is not None and entry.intake.topic is not None:
            place = (entry.partition, entry.intake.topic)
            assert entry.intake.offset is not None
            assert entry.intake.offset > newest.get(place, -1)
            newest[place] = entry.intake.offset


def what_sources_were_told_is_so(found: list[Entry], load: Load) -> None:
    places = {
        (each.interaction.subject, each.interaction.source, each.interaction.id): (
            each.partition,
            each.position,
        )
        for each in found
        if each.interaction
    }
    told = load.told
    assert {message: places.get(message) for message in told} == told
    assert load.acknowledged <= told.keys()


def follow_ons_happened_once(found: list[Entry]) -> None:
    """Each payment received has the entry that allocates it, or says why it cannot be."""
    counts = allocations(found)
    assert len(counts) > 100
    assert [event for event, count in counts.items() if count != 1] == []


def tables_equal_a_rebuild(world: World, log: KafkaLog, tmp_path: Path) -> None:
    rebuilt = tmp_path / "rebuilt"
    with Projector.open(rebuilt) as projector:
        project_all(log, projector)
        assert projector.check() == []
    live = world.consumers["projector"].home / "projections" / "live.duckdb"
    assert differences(live, rebuilt / "live.duckdb") == []


@pytest.mark.timeout(400)
def test_a_head_is_the_same_for_all_that_keep_a_copy(broker: Broker, tmp_path: Path) -> None:
    """Two deciders that are each paused past their turn, so that both decide the same messages."""
    world = World(broker, tmp_path, ("decider-1", "decider-2"))
    with world.running() as load:
        for name in ("decider-1", "decider-2", "decider-1"):
            time.sleep(1.5)
            world.consumers[name].pause(LONG_PAUSE_SECONDS)
        world.settle(load.stop())
    heads: list[dict[int, Head]] = []
    for name in ("a", "b"):
        log = KafkaLog(world.cluster, tmp_path / f"{name}.sqlite")
        found = entries_of(log)
        nothing_is_lost_or_doubled(found, load)
        nothing_is_out_of_order(found)
        heads.append(log.heads())
        log.close()
    assert heads[0] == heads[1]
