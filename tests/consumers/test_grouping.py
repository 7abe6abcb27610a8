"""Group commit: what waits together becomes durable together, and a fault hits no bystander."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest

from consumers.decider import Answer
from consumers.embedded import Embedded, found
from consumers.grouping import WAITING_MESSAGES, Answered, Failed, Recording, Unavailable
from consumers.senders import Sender
from ledger import founding
from ledger.door.admit import Admitted
from ledger.entry import LedgerError
from ledger.settings import Home
from tests.consumers.day import customer, registration
from tests.consumers.server import until

HERE = Sender(local=True)
PATIENCE_SECONDS = 20


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return found(tmp_path / "home", founding.sample())


@pytest.fixture
def recording(home: Home) -> Iterator[Recording]:
    recording = Recording(home.folder)
    recording.start("http://127.0.0.1:1")
    yield recording
    recording.finish()
    recording.close()


@contextmanager
def disk_is_slow(home: Home) -> Iterator[None]:
    """The log's file is held by somebody else, so that a batch waits where it is written."""
    other = sqlite3.connect(home.log, isolation_level=None)
    other.execute("begin immediate")
    try:
        yield
    finally:
        other.execute("rollback")
        other.close()


@contextmanager
def disk_is_broken(home: Home) -> Iterator[None]:
    other = sqlite3.connect(home.log, isolation_level=None)
    for partition in range(8):
        other.execute(
            f"create trigger broken_{partition} before insert on entry_{partition}"
            " begin select raise(abort, 'broken'); end"
        )
    try:
        yield
    finally:
        for partition in range(8):
            other.execute(f"drop trigger broken_{partition}")
        other.close()


def send(recording: Recording, *names: str) -> Future[list[Answered]]:
    return recording.submit([registration(name) for name in names], HERE)


def outcomes(answers: Future[list[Answered]]) -> list[str]:
    heard = answers.result(PATIENCE_SECONDS)
    return [
        ("repeated" if each.repeated else each.outcome) if isinstance(each, Answer) else "malformed"
        for each in heard
    ]


def failure(answers: Future[list[Answered]]) -> BaseException | None:
    return answers.exception(PATIENCE_SECONDS)


def test_what_waits_together_is_one_batch(home: Home, recording: Recording) -> None:
    with disk_is_slow(home):
        first = send(recording, "first")
        until(first.running)
        waiting = [send(recording, f"n{number}", "same") for number in range(50)]
    assert outcomes(first) == ["recorded"]
    assert [outcomes(each)[0] for each in waiting] == ["recorded"] * 50
    assert [outcomes(each)[1] for each in waiting] == ["recorded"] + ["repeated"] * 49
    assert (recording.counts.messages, recording.counts.batches) == (101, 2)


def test_more_than_may_wait_is_turned_away_and_the_rest_recorded(
    home: Home, recording: Recording
) -> None:
    with disk_is_slow(home):
        first = send(recording, "first")
        until(first.running)
        full = recording.submit([registration("same")] * WAITING_MESSAGES, HERE)
        with pytest.raises(Unavailable):
            send(recording, "late")
    assert len(outcomes(full)) == WAITING_MESSAGES
    assert outcomes(send(recording, "late")) == ["recorded"]


def test_a_broken_disk_fails_the_group_and_the_ledger_is_opened_again(
    home: Home, recording: Recording, capfd: pytest.CaptureFixture[str]
) -> None:
    assert outcomes(send(recording, "before")) == ["recorded"]
    with disk_is_broken(home):
        failed = [send(recording, f"n{number}") for number in range(5)]
        assert {type(failure(each)) for each in failed} == {Unavailable}
    assert outcomes(send(recording, "n0", "before", "n1")) == ["recorded", "repeated", "recorded"]
    assert recording.healthy
    assert "nothing is recorded" in capfd.readouterr().err
    writer = home.writer()
    assert writer is not None
    assert writer.url == "http://127.0.0.1:1"


def test_it_opens_again_by_itself_while_nobody_sends(home: Home, recording: Recording) -> None:
    with disk_is_broken(home):
        assert isinstance(failure(send(recording, "n")), Unavailable)
        assert not recording.healthy
    until(lambda: recording.healthy)


def test_one_request_that_the_ledger_fails_at_does_not_fail_the_others(
    home: Home,
    recording: Recording,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    decide = Embedded._decide

    def decide_with_a_mistake(self: Embedded, admitted: Admitted, via: str) -> Answer:
        if admitted.envelope.id == "poison-register":
            raise ZeroDivisionError(admitted.envelope.subject)
        return decide(self, admitted, via)

    monkeypatch.setattr(Embedded, "_decide", decide_with_a_mistake)
    with disk_is_slow(home):
        first = send(recording, "first")
        until(first.running)
        before, poison, after = (send(recording, name) for name in ("good", "poison", "late"))
    assert (outcomes(before), outcomes(after)) == (["recorded"], ["recorded"])
    assert isinstance(failure(poison), Failed)
    said = capfd.readouterr().err
    assert "ZeroDivisionError" in said
    assert customer("poison") not in said


def test_what_waits_when_it_finishes_is_recorded(home: Home) -> None:
    recording = Recording(home.folder)
    recording.start()
    with disk_is_slow(home):
        waiting = [send(recording, f"n{number}") for number in range(20)]
    recording.finish()
    assert [each.done() for each in waiting] == [True] * 20
    assert {outcomes(each)[0] for each in waiting} == {"recorded"}
    with pytest.raises(Unavailable):
        send(recording, "late")
    with pytest.raises(LedgerError, match="writes this ledger already"):
        Recording(home.folder)
    recording.close()
    Recording(home.folder).close()
