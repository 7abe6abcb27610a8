"""The command line. `ledger --help` lists the commands; each has an example in its help.

Exit codes: 0 done; 1 done, but something in the answer wants attention (malformed lines, a failed
check); 2 the command was used wrongly; 3 the ledger could not do it, with one sentence saying why.
"""

import os
import sqlite3
import sys

import duckdb
import typer
from rich.markup import escape

from ledger.cli import (
    archiving,
    checking,
    demo,
    doctor,
    founding,
    moving,
    publishing,
    reading,
    replaying,
    running,
    serving,
    showing,
    tracing,
    what_if,
)
from ledger.cli.common import errors
from ledger.entry import LedgerError
from ledger.settings import tune_interpreter

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="An event-sourced service-order ledger for retail halls (营业厅).",
    epilog="Exit codes: 0 done, 1 wants attention, 2 wrong usage, 3 not possible.",
)
for command in (
    demo.demo,
    founding.init,
    moving.move,
    publishing.publish,
    serving.serve,
    running.run,
    reading.status,
    tracing.trace,
    showing.show,
    reading.sql,
    reading.kpi,
    checking.verify,
    doctor.doctor,
    archiving.archive,
    checking.rebuild,
    replaying.replay,
    replaying.diff,
    what_if.what_if,
):
    app.command()(command)


def main() -> None:
    tune_interpreter()
    try:
        app()
    except LedgerError as error:
        _stop(str(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        _stop(f"{error.filename or 'a file'} cannot be used: {error.strerror or error}")
    except (sqlite3.Error, duckdb.Error) as error:
        _stop(f"a file of the ledger cannot be used: {str(error).partition(chr(10))[0]}")


def _stop(sentence: str) -> None:
    errors.print(f"[bold red]ledger:[/] {escape(sentence)}", soft_wrap=True)
    sys.exit(3)
