"""Crashes: whatever is killed, cut or lost, each acknowledged message has exactly one entry."""

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from consumers.embedded import Embedded, found
from ledger import founding
from ledger.door.sealing import open_fields
from ledger.entry import LedgerError
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from replay.verify import verify
from tests.consumers import day
from tests.consumers.reading import entries, entries_of, happened
from tests.test_index import DAMAGES

ROOT = Path(__file__).parent.parent
KILLS = 26
SEED = 20_261_103

Message = tuple[str, str, str]
"""Owner, source and id: one message for ever."""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of interactions, more than the tests use."""
    path = tmp_path_factory.mktemp("stream") / "day.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line in day.business(customers=2_500)))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return found(tmp_path / "home", founding.sample())


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Another ledger, with an index, a reactor's and an eraser's file of its own."""
    facts = msgspec.structs.replace(founding.sample(), operator="Another Telecom")
    home = found(tmp_path_factory.mktemp("other"), facts)
    with Embedded(home.folder) as ledger:
        ledger.publish(day.business(customers=20))
    return home


def child(home: Home, lines: Path, first: int, *options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.crashing", str(home.folder), str(lines), str(first)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def acknowledged(process: "subprocess.Popen[str]", first: int) -> int:
    """The line before which everything was acknowledged."""
    said, _ = process.communicate(timeout=60)
    whole = [line for line in said.splitlines(keepends=True) if line.endswith("\n")]
    lines = [line.split() for line in whole if line.startswith("acknowledged ")]
    return max((int(line[1]) for line in lines), default=first)


def message_of(line: bytes) -> Message:
    members = msgspec.json.decode(line)
    return members["subject"], members["source"], members["id"]


def messages(lines: Path, count: int) -> list[Message]:
    return [message_of(line) for line in lines.read_bytes().splitlines()[:count]]


def recorded(home: Home) -> Counter[Message]:
    """How many entries each message has."""
    log = SqliteLog(home.log)
    found_entries = entries_of(log)
    log.close()
    said = [each.interaction for each in found_entries if each.interaction]
    return Counter((each.subject, each.source, each.id) for each in said)


def is_whole(home: Home, sent: Sequence[Message]) -> None:
    """Each of `sent` has one entry, nothing has two, the chain holds, and follow-ons are there."""
    assert verify(home, tables=False).findings == []
    counts = recorded(home)
    assert [message for message in sent if counts[message] != 1] == []
    assert [message for message, count in counts.items() if count != 1] == []
    with Embedded(home.folder) as ledger:
        received = {each.payment_id for each in happened(ledger, "payment.received.v1")}
        assert len(happened(ledger, "payment.received.v1")) == len(
            happened(ledger, "payment.allocated.v1")
        )
        assert received or not sent
        pending = ledger.pending()
    for file in (home.index, home.reactor, home.eraser):
        file.unlink()
    with Embedded(home.folder) as ledger:
        assert ledger.pending() == pending


def sabotage(home: Home, other: Home, chance: random.Random) -> None:
    """Damages, or swaps for another ledger's, one of the files that can be made again."""
    name = chance.choice(("index", "reactor", "eraser"))
    file: Path = getattr(home, name)
    if not file.exists():
        return
    if chance.random() < 0.2:
        shutil.copyfile(getattr(other, name), file)
    else:
        chance.choice(DAMAGES)(file)


@pytest.mark.parametrize(
    ("seed", "kills"),
    [
        pytest.param(SEED, KILLS, marks=pytest.mark.timeout(120)),
        *(
            pytest.param(SEED + n, 100, marks=[pytest.mark.soak, pytest.mark.timeout(900)])
            for n in range(1, 6)
        ),
    ],
)
def test_killed_at_any_moment_nothing_acknowledged_is_lost_or_doubled(
    home: Home, other: Home, lines: Path, seed: int, kills: int
) -> None:
    chance = random.Random(seed)
    reached = 0
    for number in range(kills):
        # Some of what was acknowledged is sent again, as a sender does that lost the answers.
        first = max(0, reached - chance.randrange(100))
        process = child(home, lines, first, "--batch", str(chance.choice((1, 7, 40, 300))))
        time.sleep(chance.random() * 0.2)
        process.kill()
        reached = max(reached, acknowledged(process, first))
        if number % 2:
            sabotage(home, other, chance)
    assert reached > 500
    # The next opening mends what was damaged last; until then verify names it.
    Embedded(home.folder).close()
    is_whole(home, messages(lines, reached))


DURABLE = {
    ("Vault.flush", "before"): False,
    ("Vault.flush", "after"): False,
    ("SqliteLog.append", "before"): False,
    ("SqliteLog.append", "after"): True,
    ("Index.flush", "before"): True,
    ("Index.flush", "after"): True,
    ("Reactor.flush", "before"): True,
    ("Reactor.flush", "after"): True,
}
"""Whether the batch is in the log where a process dies there, in the order of writing."""


@pytest.mark.parametrize(("point", "when"), DURABLE)
def test_a_death_between_two_files_leaves_the_batch_whole_or_not_at_all(
    home: Home, lines: Path, point: str, when: str
) -> None:
    process = child(home, lines, 0, "--die-at", point, "--when", when)
    assert acknowledged(process, 0) == 40
    assert process.returncode == 9
    first, second = messages(lines, 40), messages(lines, 80)[40:]
    counts = recorded(home)
    assert [counts[each] for each in second] == [int(DURABLE[point, when])] * 40
    resend(home, lines, 80)
    is_whole(home, first + second)
    every_personal_field_opens(home)


def resend(home: Home, lines: Path, count: int) -> None:
    with Embedded(home.folder) as ledger:
        ledger.publish(lines.read_bytes().splitlines()[:count])


def every_personal_field_opens(home: Home) -> None:
    """The keys are durable that the entries need."""
    with Embedded(home.folder) as ledger:
        said = [each.interaction for each in entries(ledger, "customer.register.v1")]
        assert said
        for each in said:
            assert each is not None
            assert open_fields(each, ledger.vault)["contact_phone"] == "13800138000"


def test_a_disk_that_is_full_fails_the_batch_and_the_ledger_opens_again(
    home: Home, lines: Path
) -> None:
    process = child(home, lines, 0, "--limit-bytes", "600000")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    *answers, failed = said.splitlines()
    assert failed.startswith("failed the ")
    assert "cannot be written" in failed
    reached = int(answers[-1].split()[1])
    counts = recorded(home)
    assert all(counts[each] == 1 for each in messages(lines, reached))
    resend(home, lines, reached + 40)
    is_whole(home, messages(lines, reached + 40))


def test_a_torn_tail_of_the_log_is_a_prefix_and_is_said_to_be_lost(
    home: Home, lines: Path, tmp_path: Path
) -> None:
    """A disk that lied about syncing: SQLite keeps whole transactions up to the tear, no more.

    The index knows better, and the ledger does not open in silence.
    """
    assert acknowledged(child(home, lines, 0, "--lines", "200"), 0) == 200
    size = Path(f"{home.log}-wal").stat().st_size
    ends = []
    for number, cut in enumerate((1, 5_000, size // 3, size - 40)):
        torn = Home(tmp_path / f"torn{number}")
        shutil.copytree(home.folder, torn.folder)
        with Path(f"{torn.log}-wal").open("r+b") as wal:
            wal.truncate(size - cut)
        log = SqliteLog(torn.log)
        ends.append(sum(log.ends().values()))
        log.close()
        with pytest.raises(LedgerError, match="restore the log, or delete"):
            Embedded(torn.folder)
        for file in (torn.index, torn.reactor, torn.eraser):
            for suffix in ("", "-wal", "-shm"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
        resend(torn, lines, 200)
        is_whole(torn, messages(lines, 200))
    assert ends == sorted(ends, reverse=True)
    assert ends[-1] == founding.sample().partitions


def test_a_torn_tail_that_was_never_acknowledged_loses_nothing(home: Home, lines: Path) -> None:
    """A crash while the log was being written: bytes of a transaction that did not commit."""
    assert acknowledged(child(home, lines, 0, "--lines", "200"), 0) == 200
    with Path(f"{home.log}-wal").open("ab") as wal:
        wal.write(random.Random(SEED).randbytes(20_000))
    is_whole(home, messages(lines, 200))
