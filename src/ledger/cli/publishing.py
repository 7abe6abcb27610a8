"""`ledger publish`: interactions from a file of CloudEvents."""

import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Annotated, Final

import typer

from consumers.answers import Reply, reply
from consumers.embedded import Embedded
from consumers.http_client import publish_to_server
from consumers.projector import ProjectorProcess
from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    errors,
    print_json,
    progress,
    shown,
)
from ledger.cli.founding import found_if_fresh
from ledger.door.scan import MAX_MESSAGE_BYTES
from ledger.entry import LedgerError
from ledger.logs.opening import on_kafka
from ledger.settings import Home

BATCH: Final = 500
LINE_BYTES: Final = 4 * MAX_MESSAGE_BYTES
LISTED: Final = 1_000
"""How many refused and malformed lines are listed; all are counted."""

Send = Callable[[Sequence[bytes]], Sequence[Reply]]
"""Has structured CloudEvents recorded, and gives their replies in order."""


def publish(
    file: Annotated[str, typer.Argument(help="CloudEvents, one JSON a line; - reads from a pipe.")],
    *,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Record interactions from a file of CloudEvents (NDJSON).

    The exit code is 1 where lines were malformed. A fresh home is founded with the sample. Where
    LEDGER_LOG names a Kafka they go to their sources' topics, and their entries are waited for.

    Example: ledger publish day.ndjson --json
    """
    place = Home(home)
    tally = Tally()
    with _open(file) as lines:
        found_if_fresh(place)
        with sending(place, tables=True) as send:
            _publish(lines, tally, send)
    tally.show(as_json=as_json)
    if tally.counts["malformed"]:
        raise typer.Exit(1)


@contextmanager
def sending(home: Home, *, tables: bool = False) -> Generator[Send, None, None]:
    """A function that has CloudEvents recorded: by a running server, on Kafka, or else here.

    With `tables`, what is recorded here is in the tables at the end.
    """
    writer = home.writer()
    if on_kafka():
        # Imported late: embedded, nobody waits for Kafka's client.
        from consumers.kafka.from_file import publishing

        with publishing(home) as send:
            yield send
    elif writer is not None and writer.url is not None:
        yield partial(publish_to_server, writer.url)
    else:
        with Embedded(home.folder) as ledger:
            projector = ProjectorProcess(home.folder) if tables else None
            yield lambda messages: [reply(each) for each in ledger.publish(messages)]
        if projector is not None:
            with progress() as bar:
                bar.add_task("bringing the tables up to date", total=None)
                projector.finish()


def _publish(lines: IO[bytes], tally: "Tally", send: Send) -> None:
    with progress() as bar:
        task = bar.add_task("recording", total=None)
        number = 0
        whole = _whole(lines)
        while batch := list(islice(whole, BATCH)):
            said = [(n, line) for n, line in enumerate(batch, number + 1) if line.strip()]
            for (n, _), answer in zip(said, send([line for _, line in said]), strict=True):
                tally.add(n, answer)
            number += len(batch)
            bar.update(task, completed=number)


def _whole(lines: IO[bytes]) -> Iterator[bytes]:
    """The lines; of one that is too long for any message, only that it is, whatever its length."""
    while line := lines.readline(LINE_BYTES):
        if line.endswith(b"\n") or len(line) < LINE_BYTES:
            yield line
            continue
        while (rest := lines.readline(LINE_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield b"?" * (MAX_MESSAGE_BYTES + 1)


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
            errors.print(
                f"line {line}: [bold]{answer.rule or answer.outcome}[/] {shown(_reason(answer))}",
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


def _reason(answer: Reply) -> str:
    """Of a refusal the rule's sentence and what broke it; of a malformed line what is wrong."""
    if answer.rule is not None:
        return answer.title + (f" ({answer.detail})" if answer.detail else "")
    # The detail of the whole is that of the first error.
    told = [
        f"{each.detail} ({each.pointer})" if each.pointer else each.detail for each in answer.errors
    ]
    return "; ".join(told) or answer.detail or answer.title


@contextmanager
def _open(file: str) -> Generator[IO[bytes], None, None]:
    if file == "-":
        yield sys.stdin.buffer
        return
    path = Path(file)
    if not path.exists() or path.is_dir():
        raise LedgerError(f"there is no file {file}")
    with path.open("rb") as lines:
        yield lines
