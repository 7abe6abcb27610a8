"""Where an archive's files are: a folder of a disk, or a prefix in an object store.

A file appears whole or not at all. On a disk it is written beside its place under a hidden name,
which neither `*.parquet` nor Spark sees, made durable, and renamed. An object store shows an object
when it is written to its end; nothing is ever renamed there.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportMissingTypeStubs=false

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pyarrow as pa
from pyarrow import fs

from ledger.entry import LedgerError

_ONE_SLASH: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/(?!/)")
"""A URI with a slash too few: taken for a folder, it would show the keys in its name."""


class Found(NamedTuple):
    """A file by its path within the archive, and its size in bytes."""

    path: str
    size: int


class Storage:
    def __init__(self, files: Any, root: str) -> None:
        """`files` is a `pyarrow.fs.FileSystem`, `root` the archive's folder in it."""
        self.root = root.rstrip("/")
        self._files = files
        self._on_disk = isinstance(files, fs.LocalFileSystem)

    @classmethod
    def at(cls, place: str) -> Self:
        """`place` is a folder or a URI such as `s3://bucket/ledger`.

        Raises LedgerError where no such storage is known.
        """
        if scheme := _ONE_SLASH.match(place):
            raise LedgerError(
                f"{scheme[0]}… is no place for an archive: write {scheme[0]}/bucket/folder, or"
                " ./ before a folder of that name"
            )
        if "://" not in place:
            return cls(fs.LocalFileSystem(), str(Path(place).absolute()))
        try:
            return cls(*fs.FileSystem.from_uri(place))
        except (pa.ArrowException, OSError, ValueError) as error:
            # The library quotes what it was given, and with it a secret.
            named = without_secret(place)
            why = f": {_first_line(error)}" if named == place else ""
            raise LedgerError(f"{named} is no place for an archive{why}") from None

    def put(self, path: str, content: bytes) -> None:
        """Writes a file, or another in place of one of that name; durable when this returns.

        Raises LedgerError where it cannot be written; what was there before is there then.
        """
        with self._using(path):
            if self._on_disk:
                _put_on_disk(Path(self._at(path)), content)
                return
            self._files.create_dir(self._at(path).rpartition("/")[0], recursive=True)
            with self._files.open_output_stream(self._at(path)) as stream:
                stream.write(content)

    def get(self, path: str) -> bytes | None:
        """The file's bytes, or None where there is none. Raises LedgerError."""
        try:
            with self._using(path), self._files.open_input_file(self._at(path)) as stream:
                return stream.read()
        except FileNotFoundError:
            return None

    def on_disk(self, path: str) -> Path | None:
        """Where on this machine's disk the file is; None where the archive is elsewhere."""
        return Path(self._at(path)) if self._on_disk else None

    def list(self, folder: str, *, deep: bool = False) -> Iterator[Found]:
        """The files of a folder by path, `deep` those of its folders too; none where it is not.

        Drafts that a crash left are no files of the archive.
        """
        with self._using(folder):
            selector = fs.FileSelector(self._at(folder), allow_not_found=True, recursive=deep)
            entries = self._files.get_file_info(selector)
        for entry in sorted(entries, key=lambda entry: entry.path):
            if entry.type == fs.FileType.File and not entry.base_name.startswith("."):
                yield Found(entry.path.removeprefix(f"{self.root}/"), entry.size)

    def _at(self, path: str) -> str:
        return "/".join(part for part in (self.root, path) if part)

    @contextmanager
    def _using(self, path: str) -> Generator[None, None, None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError) as error:
            raise LedgerError(
                f"{path} of the archive at {self.root} cannot be used: {_first_line(error)}"
            ) from error


def without_secret(place: str) -> str:
    """A place as it may be shown: without keys, and without options, which may hold some."""
    scheme, is_uri, rest = place.partition("://")
    if not is_uri:
        return place
    named, _, _ = rest.rpartition("@")[2].partition("?")
    return f"{scheme}://{'…@' if '@' in rest else ''}{named}"


def local_files() -> Any:
    """The filesystem of this machine, as `pyarrow.fs` has it."""
    return fs.LocalFileSystem()


def _put_on_disk(path: Path, content: bytes) -> None:
    _make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    # A crash before this leaves a draft, which nobody reads.
    draft.replace(path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """A folder's own name is durable when the one that it is in was synced."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
