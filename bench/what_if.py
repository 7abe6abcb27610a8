"""How fast a history is decided again, and how much memory that takes.

    python -m bench.what_if [--lines 100000] [--home DIR] [--json]

Publishes so many messages of the simulator (or takes a ledger that stands at DIR), then decides
them again twice, each in a process of its own: under the unchanged policy, and with receipts due
after two minutes.
"""

import multiprocessing
import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

from bench.machine import machine, parser, show
from consumers.embedded import Embedded, found
from ledger import simulator
from ledger.archive.history import open_history
from ledger.settings import Home, tune_interpreter
from replay.what_if import UNCHANGED, Change, Walk

SOONER = Change(parameters={"payment.receipt_minutes": 2})


def publish(folder: Path, lines: int) -> None:
    found(folder, simulator.founding_of(1))
    messages = simulator.messages(1, count=lines)
    with Embedded(folder) as ledger:
        while batch := list(islice(messages, 500)):
            ledger.publish(batch)


def decide(folder: Path, change: Change) -> dict[str, Any]:
    """In a process of its own, whose memory is that of the what-if."""
    tune_interpreter()
    with closing(open_history(Home(folder))) as log:
        before = _mib()
        started, cpu = time.perf_counter(), time.process_time()
        walk = Walk(log, change)
        findings = sum(1 for _ in walk.findings())
        return {
            "entries": walk.entries,
            "findings": findings,
            "entries_per_s": round(walk.entries / (time.perf_counter() - started)),
            "entries_per_cpu_s": round(walk.entries / (time.process_time() - cpu)),
            "mib": _mib() - before,
        }


def _mib() -> int:
    """Memory of the process's own; the log is mapped, and its pages are the system's to keep."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("RssAnon"))


def measure(folder: Path) -> dict[str, Any]:
    figures: dict[str, Any] = machine()
    for name, change in (("unchanged", UNCHANGED), ("sooner", SOONER)):
        with multiprocessing.get_context("spawn").Pool(1) as process:
            figures |= {
                f"{name}_{k}": v for k, v in process.apply(decide, (folder, change)).items()
            }
    return figures


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--lines", type=int, default=100_000)
    options.add_argument("--home", type=Path)
    arguments = options.parse_args()
    if arguments.home is not None:
        show(measure(arguments.home), as_json=arguments.json)
        return
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
        home = Path(folder) / "home"
        publish(home, arguments.lines)
        show(measure(home), as_json=arguments.json)


if __name__ == "__main__":
    main()
