"""The command line. `ledger --help` lists the commands; each has an example in its help.

Exit codes: 0 done; 1 done, but something in the answer wants attention (malformed lines, a failed
check); 2 the command was used wrongly; 3 the ledger could not do it, with one sentence saying why.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import typer
from rich.markup import escape
from typer.core import TyperGroup

from ledger.cli.common import errors
from ledger.entry import LedgerError
from ledger.settings import tune_interpreter

COMMANDS: Final = {
    "demo": "demo",
    "init": "founding",
    "move": "moving",
    "publish": "publishing",
    "serve": "serving",
    "run": "running",
    "status": "reading",
    "trace": "tracing",
    "show": "showing",
    "sql": "reading",
    "kpi": "reading",
    "verify": "checking",
    "doctor": "doctor",
    "archive": "archiving",
    "rebuild": "checking",
    "replay": "replaying",
    "diff": "replaying",
    "what-if": "what_if",
}
"""The module of each command. Only the one that is called is imported: all take a second."""


class _Loaded(Mapping[str, Any]):
    """The commands by name, each imported when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        module = import_module(f"ledger.cli.{COMMANDS[name]}")
        alone = typer.Typer(add_completion=False, rich_markup_mode="rich")
        alone.command(name)(getattr(module, name.replace("-", "_")))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands: Any = _Loaded()


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 wants attention, 2 wrong usage, 3 not possible.",
)


@app.callback()
def _ledger() -> None:
    """An event-sourced service-order ledger for retail halls (营业厅)."""


def main() -> None:
    tune_interpreter()
    failure = _run()
    # Outside of any `except`: what is held by an error there would be held to the very end.
    if failure is not None:
        errors.print(f"[bold red]ledger:[/] {escape(failure)}", soft_wrap=True)
        sys.exit(3)


def _run() -> str | None:
    """Runs the command; where the ledger could not do it, a sentence that says why."""
    try:
        app()
    except LedgerError as error:
        return str(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        return f"{error.filename or 'a file'} cannot be used: {error.strerror or error}"
    except _database_errors() as error:
        return f"a file of the ledger cannot be used: {str(error).partition(chr(10))[0]}"
    return None


def _database_errors() -> tuple[type[Exception], ...]:
    """Asked for when something failed: not every command needs DuckDB."""
    import duckdb

    return sqlite3.Error, duckdb.Error
