"""A client in a group that stands still is given up, and another goes on; who only waits stays."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from kafka import KafkaProducer

from ledger.logs import opening
from ledger.logs.cluster import Bounds, Cluster, GroupConsumer, NoAnswer
from tests.consumers import day
from tests.kafka.test_decider import decided
from tests.kafka.working import Reader, deciding, home_of, publish, until

BOUNDS: Final = Bounds(wait_seconds=2.0)
PAYMENTS: Final = [day.payment("n1", f"p{number}") for number in range(6)]


@pytest.fixture
def impatient(founded: Cluster) -> Cluster:
    """Gives up a client that gives nothing for two seconds."""
    return replace(founded, bounds=BOUNDS)


@pytest.fixture
def member(impatient: Cluster) -> Iterator[GroupConsumer]:
    member = impatient.group("readers")
    member.subscribe(
        [impatient.interactions("counter-app")],
        lambda places: dict.fromkeys(places),
        lambda _: None,
    )
    yield member
    member.close()


def client_of(member: GroupConsumer) -> Any:
    return member._consumer


def read(member: GroupConsumer, count: int) -> list[bytes | None]:
    """So many messages, in order, however often the client is given up meanwhile."""
    found: list[bytes | None] = []

    def has_read() -> bool:
        try:
            found.extend(each.value for each in member.poll(0.5, 100))
        except NoAnswer:
            found.clear()
        return len(found) >= count

    until(has_read, f"{count} messages")
    return found


def polled_in_vain(member: GroupConsumer, times: int) -> None:
    for _ in range(times):
        assert member.poll(0.5, 100) == []


def fetches_nothing(client: Any) -> None:
    client._fetcher.send_fetches = list


def never_joins(client: Any) -> None:
    client._coordinator.ensure_active_group = lambda timeout_ms: False


@pytest.mark.parametrize("stands_still", [fetches_nothing, never_joins])
def test_a_client_that_stands_still_is_given_up(
    founded: Cluster, member: GroupConsumer, stands_still: Callable[[Any], None]
) -> None:
    stuck = client_of(member)
    stands_still(stuck)
    publish(founded, PAYMENTS)
    with pytest.raises(NoAnswer, match="another joins"):
        polled_in_vain(member, 20)
    assert read(member, 6) == PAYMENTS
    assert client_of(member) is not stuck


def test_a_client_to_which_nothing_comes_stays(founded: Cluster, member: GroupConsumer) -> None:
    publish(founded, PAYMENTS[:3])
    assert read(member, 3) == PAYMENTS[:3]
    stays = client_of(member)
    # The topic ends with what was taken back, which nobody is given.
    producer = KafkaProducer(**founded.options(), transactional_id=founded.prefix)
    producer.init_transactions()
    producer.begin_transaction()
    for partition in (0, 1):
        producer.send(founded.interactions("counter-app"), b"no", partition=partition)
    producer.flush()
    producer.abort_transaction()
    producer.close()
    polled_in_vain(member, 10)
    assert client_of(member) is stays
    publish(founded, PAYMENTS[3:])
    assert read(member, 3) == PAYMENTS[3:]


def test_a_decider_whose_client_stands_still_says_so_and_goes_on(
    impatient: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(opening, "cluster", lambda: impatient)
    reader, joined = Reader(impatient, tmp_path), GroupConsumer.subscribe

    def joins_once_in_vain(member: GroupConsumer, *args: Any) -> None:
        joined(member, *args)
        fetches_nothing(client_of(member))

    monkeypatch.setattr(GroupConsumer, "subscribe", joins_once_in_vain)
    publish(impatient, [day.registration("n1"), *PAYMENTS])
    with deciding(home_of(impatient, tmp_path)):
        assert len(decided(reader, 7)) == 7
    assert "nothing is decided: the client gave nothing" in capsys.readouterr().err
    reader.close()
