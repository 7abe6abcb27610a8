"""The `eventsourcing` library's own cases for persistence modules, over a real founded ledger.

`CANNOT` lists the cases that an entry of the ledger cannot satisfy, each with its reason; they are
run, and must really fail.
"""

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import AggregateRecorder, ApplicationRecorder, TrackingRecorder
from eventsourcing.sqlite import SQLiteAggregateRecorder, SQLiteTrackingRecorder
from eventsourcing.tests import persistence as cases
from eventsourcing.utils import Environment

from consumers.embedded import found
from ledger import founding
from ledger.entry import LedgerError
from ledger.persistence import Factory
from ledger.recorder import PartitionRecorder

CANNOT = {
    "TestNotificationIds.test": "1,000 events in one entry make 122,053 bytes; 60,000 are the most",
}


def cannot(name: str) -> pytest.MarkDecorator:
    return pytest.mark.xfail(reason=CANNOT[name], strict=True, raises=LedgerError)


class OverALedger:
    """Founds a ledger for each case, and opens partition 0 of it by the library's environment."""

    env: Environment

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)  # type: ignore[attr-defined]
        self.env = Environment(
            "conformance",
            {
                "PERSISTENCE_MODULE": "ledger.persistence",
                "LEDGER_HOME": folder.name,
                **self.found(Path(folder.name)),
            },
        )
        super().setUp()  # type: ignore[misc]

    def found(self, folder: Path) -> dict[str, str]:
        """Founds a ledger; what else the environment says of it."""
        found(folder, founding.sample())
        return {}


class OverOnePartition(OverALedger):
    def setUp(self) -> None:
        super().setUp()
        self.opened = Factory(self.env)
        self.addCleanup(self.opened.close)  # type: ignore[attr-defined]


class TestAggregateRecorder(OverOnePartition, cases.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return self.opened.aggregate_recorder()


class TestApplicationRecorder(OverOnePartition, cases.ApplicationRecorderTestCase[Any]):
    def create_recorder(self) -> ApplicationRecorder:
        return self.opened.application_recorder()

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestTrackingRecorder(OverOnePartition, cases.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingRecorder:
        return self.opened.tracking_recorder()


class TestProcessRecorder(OverOnePartition, cases.ProcessRecorderTestCase):
    def create_recorder(self) -> Any:
        return self.opened.process_recorder()


class TestNotificationIds(OverOnePartition, cases.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> ApplicationRecorder:
        return self.opened.application_recorder()

    @cannot("TestNotificationIds.test")
    def test(self) -> None:
        super().test()


class TestNotificationIdsWithinAnEntry(
    OverOnePartition, cases.NonInterleavingNotificationIDsBaseCase
):
    """The same case with as many events as one entry holds."""

    insert_num = 400

    def create_recorder(self) -> ApplicationRecorder:
        return self.opened.application_recorder()


class TestTextIds(TestApplicationRecorder):
    """The same with text for stream names, as the ledger's own streams have."""

    def new_originator_id(self) -> UUID | str:
        return f"customer/{uuid4()}"


class OwnTrackingRecorder(SQLiteTrackingRecorder):
    pass


class TestFactory(OverALedger, cases.InfrastructureFactoryTestCase[Factory]):
    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return SQLiteAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return PartitionRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return SQLiteTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return OwnTrackingRecorder

    def expected_process_recorder_class(self) -> type[Any]:
        return PartitionRecorder
