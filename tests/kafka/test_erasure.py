"""Erasure on Kafka: ordered by one decider, done by the reactor, known to every process."""

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from consumers.eraser import Eraser, proof_of
from consumers.kafka import reactor
from ledger import wire
from ledger.door.sealing import ERASED, open_fields
from ledger.entry import Entry
from ledger.logs.cluster import Cluster
from ledger.settings import Home
from ledger.shared_vault import SharedVault
from tests.consumers import day, parting
from tests.kafka.working import (
    Reader,
    Running,
    address,
    deciding,
    home_of,
    publish,
    until,
)

NAME = "li"
OWNER = day.customer(NAME)
KEYS = [f"{OWNER}#1", "visit/renmin/v1#1"]
CONFIRM = "customer.confirm_erasure.v1"


@pytest.fixture(autouse=True)
def named(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_LOG", address(cluster))


@pytest.fixture
def reader(founded: Cluster, tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(founded, tmp_path)
    yield reader
    reader.close()


@contextmanager
def reacting(home: Home) -> Generator[Running, None, None]:
    running = Running(lambda stopping: reactor.run(home, stopping))
    try:
        yield running
    finally:
        running.stop()


def of_type(reader: Reader, type_: str) -> list[Entry]:
    return [e for e in reader.entries() if e.interaction and e.interaction.type == type_]


def test_an_order_is_carried_out_and_confirmed_once_across_a_crash(
    founded: Cluster, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reactor dies after the keys are deleted; a new one, and a second, confirm it once."""
    stay = [day.shift_opened(), *parting.stay(NAME, "v1")]
    with deciding(home_of(founded, tmp_path, "d")):
        publish(founded, stay)
        until(lambda: of_type(reader, "visit.identify_customer.v1"), "the visit")
        until(lambda: of_type(reader, "customer.register.v1"), "the customer")
        with monkeypatch.context() as patched:
            patched.setattr(Eraser, "_confirmation", _killed)
            dying = Running(lambda stopping: reactor.run(home_of(founded, tmp_path, "r"), stopping))
            publish(founded, [parting.order(NAME)])
            until(lambda: not dying.alive, "the reactor's end")
        assert isinstance(dying.failure, KeyboardInterrupt)
        assert of_type(reader, CONFIRM) == []
        assert erased_in(founded, tmp_path) == set(KEYS)
        with (
            reacting(home_of(founded, tmp_path, "r")),
            reacting(home_of(founded, tmp_path, "second")),
        ):
            until(lambda: of_type(reader, CONFIRM), "the confirmation")
        # What they were told stands under no key any more, and is known nevertheless.
        publish(founded, [stay[-3], parting.order(NAME, id_="last")])
        until(lambda: len(of_type(reader, "customer.request_erasure.v1")) == 2, "the last message")
        assert len(of_type(reader, "customer.register.v1")) == 1
    (entry,) = of_type(reader, CONFIRM)
    (happened,) = wire.happened(entry)
    assert happened.event.tag == "customer.erased.v1"
    assert happened.event.proof_digest == proof_of(KEYS)  # type: ignore[attr-defined]
    with closing(vault_of(founded, tmp_path)) as vault:
        (rated,) = of_type(reader, "visit.rate.v1")
        assert rated.interaction is not None
        assert open_fields(rated.interaction, vault)["comment"] == ERASED


def vault_of(cluster: Cluster, folder: Path) -> SharedVault:
    home = home_of(cluster, folder, "auditor")
    return SharedVault(cluster, home.vault, home.vault_key)


def erased_in(cluster: Cluster, folder: Path) -> set[str]:
    with closing(vault_of(cluster, folder)) as vault:
        return set(vault.erased_at([OWNER, "visit/renmin/v1"]))


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
