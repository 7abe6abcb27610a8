"""`ledger serve`."""

from typing import Annotated

import typer

from consumers.embedded import found
from consumers.server import serve as run_server
from ledger import founding
from ledger.cli.common import DEFAULT, HomeOption, console, errors
from ledger.settings import Home


def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free.")] = 8080,
    home: HomeOption = DEFAULT,
) -> None:
    """Take interactions by HTTP and keep the tables fresh, until stopped.

    A fresh home is founded with the sample. Sources without a token are taken from this machine
    only.

    Example: ledger serve --port 8080
    """
    place = Home(home)
    if not place.founded:
        found(home, founding.sample())
        errors.print(f"No ledger at {home} yet: founded the sample ledger there.")

    def ready(url: str) -> None:
        console.print(f"Taking interactions at {url}/interactions; Ctrl-C stops.", soft_wrap=True)

    run_server(place, host, port, ready)
