"""A real Apache Kafka broker for tests: one process in KRaft mode, which a test may kill.

    python -m tests.kafka.broker <folder> <pid>

runs one until the process with that pid is gone, and writes its address to <folder>/address. What
it runs on: `LEDGER_TEST_KAFKA` (an address that stands already), else Java and Maven, else a
container engine.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
LIBRARIES = HERE.parent.parent / ".venv" / "kafka"
START_SECONDS = 90

_SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={folder}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=2000000
log.cleaner.backoff.ms=500
{more}
"""


class NoBrokerError(Exception):
    """There is nothing to run a broker on; the sentence says what was looked for."""


class Broker:
    """Data and port stay the same from one start to the next."""

    def __init__(self, folder: Path, more: str = "", advertised: int | None = None) -> None:
        """`advertised` is the port that clients are told, such as a proxy's."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, controller = _free_port(), _free_port()
        self.address = f"127.0.0.1:{advertised or self.port}"
        self._classpath = f"{libraries()}/*"
        self._settings = folder / "server.properties"
        self._settings.write_text(
            _SETTINGS.format(
                folder=folder,
                port=self.port,
                controller=controller,
                advertised=advertised or self.port,
                more=more,
            )
        )
        # A name that began with a hyphen would be read as an option.
        name = base64.urlsafe_b64encode(b"\0" + os.urandom(15)).decode().rstrip("=")
        command = ["kafka.tools.StorageTool", "format", "-t", name, "-c", str(self._settings)]
        subprocess.run(
            ["java", "-cp", self._classpath, *command],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Returns when it answers."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *("java", "-Xmx400m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                    *("-cp", self._classpath, "kafka.Kafka", str(self._settings)),
                ],
                stdout=log,
                stderr=log,
            )
        wait_for(self.port)

    def kill(self) -> None:
        """As a power cut that leaves the disk: what it was doing is cut off."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()


def libraries() -> Path:
    """Kafka's jars. Raises NoBrokerError where there is neither Java nor Maven."""
    if (LIBRARIES / "complete").exists():
        return LIBRARIES
    if not (shutil.which("java") and shutil.which("mvn")):
        raise NoBrokerError("neither LEDGER_TEST_KAFKA, nor Java and Maven, nor a container engine")
    subprocess.run(
        [
            *("mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"),
            f"-DoutputDirectory={LIBRARIES}",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (LIBRARIES / "complete").touch()
    return LIBRARIES


def wait_for(port: int) -> None:
    """Until a broker answers there; a port that is only open is not enough."""
    from ledger.entry import LedgerError
    from ledger.logs.cluster import Cluster

    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as attempt:
            attempt.settimeout(1)
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                try:
                    Cluster((f"127.0.0.1:{port}",)).admin().close()
                except LedgerError:
                    continue
                return
        time.sleep(0.2)
    raise TimeoutError("the broker did not start; see broker.log")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def main() -> None:
    folder, pid = Path(sys.argv[1]), int(sys.argv[2])
    broker = Broker(folder)
    broker.start()
    draft = folder / "address.new"
    draft.write_text(broker.address)
    draft.rename(folder / "address")
    while _lives(pid):
        time.sleep(0.5)
    broker.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    main()
