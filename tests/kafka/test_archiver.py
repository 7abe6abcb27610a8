"""The archiver on Kafka seals the same bytes as it would of an embedded ledger."""

from contextlib import closing
from pathlib import Path

import pytest

from consumers.archiver import Archiving
from ledger.archive.history import History, open_history
from ledger.archive.segments import Archive
from ledger.archive.storage import Storage
from ledger.chain import follow
from ledger.entry import Head
from ledger.logs.cluster import Cluster
from ledger.logs.sqlite import SqliteLog
from tests.archive.conftest import bytes_of
from tests.kafka.carrying import carry, recorded
from tests.kafka.working import address, home_of, started, until

ENTRIES = 3


def test_killed_and_started_again_it_seals_what_an_embedded_ledger_has(
    founded: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded = recorded(tmp_path / "embedded")
    log = SqliteLog(embedded.log)
    archiving = Archiving(embedded, log, entries=ENTRIES)
    sealed = len(list(archiving.seal()))
    archiving.close()
    assert sealed >= 2
    home = home_of(founded, tmp_path)
    Archive.begin(Storage.at(home.archive), log, ENTRIES)
    log.close()
    seals = Path(home.archive) / "segments"
    carry(embedded, founded)
    with started("archiver", founded, home) as process:
        until(lambda: seals.is_dir() and any(seals.iterdir()))
        process.kill()
    with started("archiver", founded, home) as process:
        until(lambda: len(bytes_of(seals)) == sealed)
        assert process.poll() is None
    assert bytes_of(Path(home.archive)) == bytes_of(Path(embedded.archive))
    monkeypatch.setenv("LEDGER_LOG", address(founded))
    with closing(open_history(home)) as history, closing(SqliteLog(embedded.log)) as log:
        assert isinstance(history, History)
        assert history.ends() == log.ends()
        for partition, end in log.ends().items():
            wanted = log.read(partition, 0, end)
            assert [record for _, record in follow(history, Head(partition))] == wanted
