"""What the commands share: options, output, and the home that they are about."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from ledger.entry import LedgerError
from ledger.logs.opening import on_kafka
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
    """The home of an existing ledger. Raises LedgerError where there is none.

    Whether one stands on Kafka is said when its log is opened.
    """
    home = Home(folder)
    if not on_kafka() and not home.founded:
        home.refuse_copy()
        raise LedgerError(f"there is no ledger at {folder}; found one with `ledger init --sample`")
    return home


def warn_if_simulated(clock: str) -> None:
    """A simulated ledger says so wherever it is shown."""
    if clock == "simulated":
        console.print("[bold yellow]SIMULATED[/]: this ledger's time comes from its messages")


def utf8(text: str | None) -> str | None:
    """An argument that is text, if it is given. Raises BadParameter where its bytes are none."""
    try:
        (text or "").encode()
    except UnicodeEncodeError as error:
        raise typer.BadParameter("not UTF-8") from error
    return text


def shown(text: str) -> str:
    """Text for a terminal: what would steer it, or turn its line round, is written as a code."""
    return escape("".join(c if c.isprintable() or c == "\n" else f"\\u{ord(c):04x}" for c in text))


def text_of(value: Any) -> str:
    """A value of a table, for a terminal; what is not there is a dash."""
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return str(value)
