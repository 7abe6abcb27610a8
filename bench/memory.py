"""How much memory `ledger publish` takes on a long file, and whether it stays flat.

    python -m bench.memory [--lines 1000000] [--json]

Samples the resident set of the publishing process, and of its projector, twice a second.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.machine import machine, parser, show
from consumers.embedded import found
from ledger import simulator


def measure(lines: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
        home, file = Path(folder) / "home", Path(folder) / "lines.ndjson"
        simulator.write_messages(file, 1, 3, lines)
        found(home, simulator.founding_of(1))
        started = time.perf_counter()
        publisher = subprocess.Popen(
            [sys.executable, "-m", "ledger", "publish", str(file), "--home", str(home), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        publishing, projecting = _sample(publisher)
        output = publisher.stdout.read() if publisher.stdout else b""
        seconds = time.perf_counter() - started
    quarter = max(1, len(publishing) // 4)
    return {
        **machine(),
        "lines": lines,
        "answers": json.loads(output),
        "seconds": round(seconds),
        "publish_mib_by_quarter": [
            max(publishing[start : start + quarter])
            for start in range(0, quarter * 4, quarter)
            if publishing[start : start + quarter]
        ],
        "publish_mib_max": max(publishing),
        "projector_mib_max": max(projecting, default=0),
    }


def _sample(publisher: "subprocess.Popen[bytes]") -> tuple[list[int], list[int]]:
    publishing: list[int] = []
    projecting: list[int] = []
    while publisher.poll() is None:
        publishing.append(_resident_mib(publisher.pid))
        projecting += [_resident_mib(child) for child in _children(publisher.pid)]
        time.sleep(0.5)
    return [each for each in publishing if each], projecting


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _resident_mib(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def main() -> None:
    options = parser(__doc__)
    options.add_argument("--lines", type=int, default=1_000_000)
    arguments = options.parse_args()
    figures = measure(arguments.lines)
    show(figures, as_json=arguments.json)


if __name__ == "__main__":
    main()
