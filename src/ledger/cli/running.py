"""`ledger run`: one consumer in the foreground."""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

import typer

from ledger.cli.common import DEFAULT, HomeOption, console
from ledger.settings import Home

T = TypeVar("T")
Name = Literal["archiver", "decider", "projector", "publisher", "reactor"]


def run(
    name: Annotated[Name, typer.Argument(help="Which consumer.", show_default=False)],
    *,
    http: Annotated[
        str | None,
        typer.Option(help="The projector takes HTTP too and shows the page: host:port."),
    ] = None,
    partitions: Annotated[
        str | None,
        typer.Option(help="The projector holds these partitions only, such as 0,1."),
    ] = None,
    home: HomeOption = DEFAULT,
) -> None:
    """Run one consumer of a ledger on Kafka, until SIGTERM or Ctrl-C.

    LEDGER_LOG names the Kafka. Each needs a home of its own. More deciders share the partitions;
    of the others one is enough, and a second does no harm. An archiver runs beside an embedded
    ledger, too.

    Example: ledger run projector --http 127.0.0.1:8080
    """
    # Imported late: no other command waits for what only consumers use.
    from consumers import running

    running.run(
        name,
        Home(home),
        http=_read(running.http_at, http),
        partitions=_read(running.partitions_in, partitions),
        ready=lambda url: console.print(
            f"Taking interactions at {url}/interactions; the page is at {url}/ and Ctrl-C stops.",
            soft_wrap=True,
        ),
    )


def _read(read: Callable[[str], T], text: str | None) -> T | None:
    try:
        return read(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
