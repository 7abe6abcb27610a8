"""The `eventsourcing` library's own cases over a ledger on Kafka: the same as on SQLite."""

from pathlib import Path

import pytest

from ledger.logs.cluster import Cluster
from tests.recorder import test_conformance as on_sqlite


class OnKafka:
    """Takes the place of a ledger in a home."""

    @pytest.fixture(autouse=True)
    def _on(self, founded: Cluster) -> None:
        self.cluster = founded

    def found(self, folder: Path) -> dict[str, str]:
        return {"LEDGER_LOG": f"kafka://{self.cluster.servers[0]}/{self.cluster.prefix}"}


class TestAggregateRecorder(OnKafka, on_sqlite.TestAggregateRecorder):
    pass


class TestApplicationRecorder(OnKafka, on_sqlite.TestApplicationRecorder):
    pass


class TestTrackingRecorder(OnKafka, on_sqlite.TestTrackingRecorder):
    pass


class TestProcessRecorder(OnKafka, on_sqlite.TestProcessRecorder):
    pass


class TestNotificationIds(OnKafka, on_sqlite.TestNotificationIds):
    @on_sqlite.cannot("TestNotificationIds.test")
    def test(self) -> None:
        super().test()


class TestNotificationIdsWithinAnEntry(OnKafka, on_sqlite.TestNotificationIdsWithinAnEntry):
    pass


class TestTextIds(OnKafka, on_sqlite.TestTextIds):
    pass


class TestFactory(OnKafka, on_sqlite.TestFactory):
    pass
