"""`ledger archive` and the archiver seal what is full, beside a ledger that goes on recording."""

import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from consumers.embedded import Embedded
from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.cli import app
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from ledger.simulator import messages
from tests.archive.conftest import ENTRIES, MESSAGES, SEED

ROOT = Path(__file__).parent.parent.parent


def sealed_by_now(home: Home) -> dict[int, int]:
    """How far each partition is sealed."""
    archive = Archive.find(Storage.at(home.archive))
    reached: dict[int, int] = {}
    for segment in archive.sealed() if archive is not None else ():
        reached[segment.partition] = max(reached.get(segment.partition, 0), segment.last)
    return reached


def full(home: Home) -> dict[int, int]:
    """How far each partition can be sealed."""
    return {n: end // ENTRIES * ENTRIES for n, end in SqliteLog(home.log).ends().items()}


def test_the_archiver_seals_what_is_recorded_meanwhile_and_stops_when_told(home: Home) -> None:
    before = sealed_by_now(home)
    process = subprocess.Popen(
        [sys.executable, "-m", "consumers", "archiver", "--home", home.folder],
        cwd=ROOT,
        stderr=subprocess.PIPE,
    )
    with Embedded(home.folder) as ledger:
        ledger.publish(islice(messages(SEED), MESSAGES, MESSAGES + 150))
    goal = full(home)
    assert goal != before
    deadline = time.monotonic() + 100
    while sealed_by_now(home) != goal:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (0, b"ledger: the archiver runs until SIGTERM or Ctrl-C\n")


def test_ledger_archive_says_what_it_sealed_and_what_waits(fresh: Home, tmp_path: Path) -> None:
    to = str(tmp_path / "kept")
    command = ["archive", "--home", str(fresh.folder), "--to", to, "--entries", "200"]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    answer = msgspec.json.decode(done.stdout)
    ends = SqliteLog(fresh.log).ends()
    segments = sum(end // 200 for end in ends.values())
    assert answer == {
        "archive": to,
        "segments": segments,
        "entries": segments * 200,
        "waiting": sum(ends.values()) - segments * 200,
    }
    again = CliRunner().invoke(app, command)
    assert again.stdout.startswith(f"Sealed 0 segments of 200 entries in {to};")
    assert not Path(fresh.archive).exists()


def test_ledger_verify_says_that_the_archive_was_changed(home: Home) -> None:
    command = ["verify", "--home", str(home.folder), "--json"]
    file = min((Path(home.archive) / "records").iterdir())
    file.write_bytes(file.read_bytes()[:-8])
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    (finding,) = msgspec.json.decode(done.stdout)["findings"]
    assert (finding["check"], finding["partition"], finding["position"]) == ("archive", 0, 1)
