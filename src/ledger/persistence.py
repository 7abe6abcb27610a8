"""The persistence module that the `eventsourcing` library loads by name.

    PERSISTENCE_MODULE=ledger.persistence  MAPPER_TOPIC=ledger.recorder:EventMapper
    LEDGER_HOME=<home>  LEDGER_PARTITION=0

Events go to one partition of an embedded ledger, or of the one on Kafka that LEDGER_LOG names, of
which the home then keeps a copy; snapshots go to a side table of the library's
own, since they can always be made again. ORIGINATOR_ID_TYPE=text where ids of aggregates are no
UUIDs.
"""

from pathlib import Path
from typing import Any, Literal

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
)
from eventsourcing.sqlite import (
    SQLiteAggregateRecorder,
    SQLiteDatastore,
    SQLiteTrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic

from ledger.half_open import undone_on_failure
from ledger.index import Index
from ledger.logs.cluster import Cluster
from ledger.logs.kafka import KafkaLog
from ledger.logs.sqlite import SqliteLog
from ledger.recorder import PartitionRecorder
from ledger.settings import Home
from ledger.store import Store


class Factory(InfrastructureFactory[SQLiteTrackingRecorder]):
    """One partition of the ledger whose home the environment names."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        folder = self.env.get("LEDGER_HOME")
        if not folder:
            raise OSError("LEDGER_HOME names no ledger")
        home = Home(Path(folder))
        self._partition = int(self.env.get("LEDGER_PARTITION") or 0)
        self._lock = home.lock_writer()
        with undone_on_failure(self._lock.release):
            log = self._open(home)
            self._store = Store(log, Index(home.index, log))
            if self._partition not in log.ends():
                raise OSError(f"the ledger has no partition {self._partition}")
        self._side = SQLiteDatastore(
            str(home.snapshots_of_aggregates),
            originator_id_type=_id_type(self.env.get("ORIGINATOR_ID_TYPE") or "uuid"),
        )

    def _open(self, home: Home) -> SqliteLog:
        if address := self.env.get("LEDGER_LOG"):
            return KafkaLog(Cluster.at(address), home.copy, [self._partition])
        return SqliteLog(home.log, writer=True)

    def process_recorder(self) -> ProcessRecorder:
        return PartitionRecorder(self._store, self._partition)

    def application_recorder(self) -> ApplicationRecorder:
        return PartitionRecorder(self._store, self._partition)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        recorder = SQLiteAggregateRecorder(self._side, events_table_name=f"stored_{purpose}")
        recorder.create_table()
        return recorder

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> SQLiteTrackingRecorder:
        if tracking_recorder_class is None:
            topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
            tracking_recorder_class = resolve_topic(topic) if topic else SQLiteTrackingRecorder
        recorder = tracking_recorder_class(datastore=self._side)
        recorder.create_table()
        return recorder

    def close(self) -> None:
        self._side.close()
        self._store.close()
        self._lock.release()


def _id_type(name: str) -> Literal["uuid", "text"]:
    """How the side table keeps ids; the ledger itself takes both."""
    if name == "uuid" or name == "text":
        return name
    raise OSError(f"ORIGINATOR_ID_TYPE is uuid or text, not {name}")
