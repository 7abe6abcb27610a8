"""`ledger archive`: seals what is full now."""

from contextlib import closing
from typing import Annotated

import msgspec
import typer

from consumers.archiver import Archiving
from ledger.cli.common import (
    DEFAULT,
    HomeOption,
    JsonOption,
    console,
    founded,
    print_json,
    progress,
    shown,
)
from ledger.logs.opening import open_log


class Archived(msgspec.Struct, frozen=True):
    """Where the archive is; how many segments and entries were sealed now; and how many entries
    of the log wait until their segments are full."""

    archive: str
    segments: int
    entries: int
    waiting: int


def archive(
    *,
    to: Annotated[
        str | None,
        typer.Option(help="A folder or URI, such as s3://bucket/ledger."),
    ] = None,
    entries: Annotated[
        int | None,
        typer.Option(min=1, help="How many entries a segment has; said once, by the first."),
    ] = None,
    home: HomeOption = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Seal all full segments of the log into the archive.

    The archive is the folder `archive` of the home, or where LEDGER_ARCHIVE or --to say. Segments
    have 50,000 entries unless the archive was begun with another number; what does not fill one
    stays in the log. `ledger run archiver` does this all the time.

    Example: ledger archive
    """
    place = founded(home)
    with closing(open_log(place)) as log, closing(Archiving(place, log, to, entries)) as archiving:
        segments = 0
        with progress() as bar:
            task = bar.add_task("sealing segments", total=archiving.due)
            for _ in archiving.seal():
                segments += 1
                bar.advance(task)
        each = archiving.archive.identity.entries
        waiting = sum(end % each for end in log.ends().values())
    done = Archived(archiving.place, segments, segments * each, waiting)
    if as_json:
        print_json(done)
        return
    console.print(
        f"Sealed {done.segments:,} segments of {each:,} entries in {shown(done.archive)};"
        f" {done.waiting:,} entries wait until theirs are full.",
        soft_wrap=True,
    )
