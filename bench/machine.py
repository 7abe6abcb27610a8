"""What a figure was measured on."""

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ledger.settings import tune_interpreter


def machine() -> dict[str, Any]:
    parts = ("eventsourcing", "msgspec", "duckdb", "pyarrow", "cryptography")
    return {
        "cpus": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in parts},
    }


def parser(doc: str | None) -> argparse.ArgumentParser:
    """The options of a bench: its first line as help, and --json."""
    options = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    options.add_argument("--json", action="store_true", help="print one line of JSON")
    return options


def show(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:32} {value}")


def over_a_ledger(
    doc: str | None, measure: Callable[[Path, int], dict[str, Any]], counted: str = "events"
) -> None:
    """Measures the ledger in `--home`, or one of so many `counted` that is gone afterwards."""
    options = parser(doc)
    options.add_argument(f"--{counted}", dest="count", type=int, default=1_000_000)
    options.add_argument("--home", type=Path)
    arguments = options.parse_args()
    tune_interpreter()
    if arguments.home:
        figures = measure(arguments.home, arguments.count)
    else:
        with tempfile.TemporaryDirectory(prefix="ledger-bench-") as folder:
            figures = measure(Path(folder) / "home", arguments.count)
    show(figures, as_json=arguments.json)
