"""The command line. `ledger --help` lists the commands; each has an example in its help.

Exit codes: 0 done; 1 done, but something in the answer wants attention (malformed lines, a failed
check); 2 the command was used wrongly; 3 the ledger could not do it, with one sentence saying why.
"""

import os
import sys

import typer
from rich.console import Console

from ledger.cli import checking, demo, founding, publishing, reading, serving
from ledger.entry import LedgerError
from ledger.settings import collect_seldom

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
    publishing.publish,
    serving.serve,
    reading.status,
    reading.trace,
    reading.sql,
    reading.kpi,
    checking.verify,
    checking.rebuild,
    checking.replay,
):
    app.command()(command)


def main() -> None:
    collect_seldom()
    try:
        app()
    except LedgerError as error:
        Console(stderr=True).print(f"[bold red]ledger:[/] {error}", soft_wrap=True, highlight=False)
        sys.exit(3)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
