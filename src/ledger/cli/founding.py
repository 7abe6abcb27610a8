"""`ledger init`."""

from pathlib import Path
from typing import Annotated

import typer

from consumers.embedded import found
from ledger import founding
from ledger.cli.common import DEFAULT, HomeOption, JsonOption, console, print_json, shown


def init(
    file: Annotated[Path | None, typer.Argument(help="A founding in TOML.")] = None,
    *,
    sample: Annotated[bool, typer.Option("--sample", help="Found the sample ledger.")] = False,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Found a ledger: operator, halls, clerks, sources and the first policy.

    Example: ledger init --sample
    """
    if (file is None) == (not sample):
        raise typer.BadParameter("name a founding file, or say --sample")
    facts = founding.sample() if file is None else founding.load(file)
    found(home, facts)
    if as_json:
        print_json({"home": str(home), "origin": facts.origin, "partitions": facts.partitions})
        return
    console.print(
        f"Founded [bold]{shown(facts.origin)}[/] in {shown(str(home))}: {len(facts.halls)} halls,"
        f" {len(facts.clerks)} clerks, {len(facts.sources)} sources, {facts.clock} clock.",
        soft_wrap=True,
    )
