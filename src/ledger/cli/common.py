"""What the commands share: options, output, and a fresh snapshot to read."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from consumers.http_client import ask_to_catch_up
from consumers.projector import catch_up
from ledger.entry import LedgerError
from ledger.settings import DEFAULT_HOME, Home

HomeOption = Annotated[
    Path,
    typer.Option("--home", envvar="LEDGER_HOME", help="Folder of the ledger.", show_default=True),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
DEFAULT: Final = Path(DEFAULT_HOME)

console: Final = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
"""Standard output; wide where it is no terminal, so that nothing is cut in a file or a pipe."""
errors: Final = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(value)) + b"\n")
    sys.stdout.flush()


def progress() -> Progress:
    """A progress bar on a terminal's standard error; nothing elsewhere."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=errors,
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def founded(folder: Path) -> Home:
    """The home of an existing ledger. Raises LedgerError where there is none."""
    home = Home(folder)
    if not home.founded:
        raise LedgerError(f"there is no ledger at {folder}; found one with `ledger init --sample`")
    return home


def warn_if_simulated(clock: str) -> None:
    """A simulated ledger says so wherever it is shown."""
    if clock == "simulated":
        console.print("[bold yellow]SIMULATED[/]: this ledger's time comes from its messages")


def freshen(home: Home) -> None:
    """Brings the snapshot up to date: asks the running server, or projects where none runs."""
    writer = home.writer()
    if writer is None:
        catch_up(home)
    elif writer.url is not None:
        ask_to_catch_up(writer.url)
