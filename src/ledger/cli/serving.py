"""`ledger serve`."""

from typing import Annotated

import typer

from ledger.cli.common import DEFAULT, HomeOption, console
from ledger.cli.founding import found_if_fresh
from ledger.entry import LedgerError
from ledger.logs.opening import on_kafka
from ledger.settings import Home


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8080,
    home: HomeOption = DEFAULT,
) -> None:
    """Take interactions by HTTP, keep the tables fresh and show them as a page, until stopped.

    A fresh home is founded with the sample. Sources without a token are taken from this machine
    only, and the page is shown on it only.

    Example: ledger serve --port 8080
    """
    if on_kafka():
        raise LedgerError(
            "`ledger serve` is for an embedded ledger, and LEDGER_LOG names a Kafka; use `ledger"
            " run projector --http 127.0.0.1:8080`"
        )
    # No other command should wait a fifth of a second for the server's libraries.
    from consumers.server import serve as run_server

    place = Home(home)
    found_if_fresh(place)

    def ready(url: str) -> None:
        console.print(
            f"Taking interactions at {url}/interactions; the page is at {url}/ and Ctrl-C stops.",
            soft_wrap=True,
        )

    run_server(place, host, port, ready)
