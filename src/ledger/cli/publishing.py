"""`ledger publish`: interactions from a file of CloudEvents."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Final

import typer
from rich.markup import escape

from consumers.answers import Reply, reply
from consumers.embedded import Embedded, found
from consumers.http_client import publish_to_server
from consumers.projector import ProjectorProcess
from ledger import founding
from ledger.cli.common import DEFAULT, HomeOption, JsonOption, console, errors, print_json, progress
from ledger.entry import LedgerError
from ledger.settings import Home

BATCH: Final = 500
LISTED: Final = 1_000
"""How many refused and malformed lines are listed; all are counted."""


def publish(
    file: Annotated[str, typer.Argument(help="CloudEvents, one JSON a line; - reads from a pipe.")],
    *,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Record interactions from a file of CloudEvents (NDJSON).

    The exit code is 1 where lines were malformed. A fresh home is founded with the sample.

    Example: ledger publish day.ndjson --json
    """
    place = Home(home)
    if not place.founded:
        found(home, founding.sample())
        errors.print(f"No ledger at {home} yet: founded the sample ledger there.")
    tally = Tally()
    with _open(file) as lines:
        writer = place.writer()
        if writer is not None and writer.url is not None:
            _publish(lines, tally, lambda batch: publish_to_server(writer.url or "", batch))
        else:
            _publish_here(home, lines, tally)
    tally.show(as_json=as_json)
    if tally.counts["malformed"]:
        raise typer.Exit(1)


def _publish_here(home: Path, lines: IO[bytes], tally: "Tally") -> None:
    with Embedded(home) as ledger:
        projector = ProjectorProcess(home)
        _publish(lines, tally, lambda batch: [reply(each) for each in ledger.publish(batch)])
    with progress() as bar:
        bar.add_task("bringing the tables up to date", total=None)
        projector.finish()


def _publish(
    lines: IO[bytes], tally: "Tally", send: Callable[[Sequence[bytes]], Sequence[Reply]]
) -> None:
    with progress() as bar:
        task = bar.add_task("recording", total=None)
        number = 0
        while batch := list(islice(lines, BATCH)):
            said = [(n, line) for n, line in enumerate(batch, number + 1) if line.strip()]
            for (n, _), answer in zip(said, send([line for _, line in said]), strict=True):
                tally.add(n, answer)
            number += len(batch)
            bar.update(task, completed=number)


class Tally:
    """Counts the replies, and keeps the first of those that a person must look at."""

    def __init__(self) -> None:
        self.counts = {"recorded": 0, "refused": 0, "repeated": 0, "malformed": 0}
        self.listed: list[tuple[int, Reply]] = []

    def add(self, line: int, answer: Reply) -> None:
        self.counts[answer.outcome] += 1
        if answer.outcome in ("refused", "malformed") and len(self.listed) < LISTED:
            self.listed.append((line, answer))

    def show(self, *, as_json: bool) -> None:
        for line, answer in self.listed:
            where = "".join(f" {each.pointer} {each.detail};" for each in answer.errors)
            errors.print(
                f"line {line}: [bold]{answer.rule or answer.outcome}[/]"
                f" {escape(answer.detail or answer.title)}{escape(where).rstrip(';')}",
                soft_wrap=True,
            )
        unlisted = self.counts["refused"] + self.counts["malformed"] - len(self.listed)
        if unlisted:
            errors.print(f"and {unlisted} more lines that were refused or malformed")
        if as_json:
            print_json(self.counts)
        else:
            console.print(
                "  ".join(f"{outcome} [bold]{n:,}[/]" for outcome, n in self.counts.items())
            )


@contextmanager
def _open(file: str) -> Generator[IO[bytes], None, None]:
    if file == "-":
        yield sys.stdin.buffer
        return
    if not Path(file).is_file():
        raise LedgerError(f"there is no file {file}")
    with Path(file).open("rb") as lines:
        yield lines
