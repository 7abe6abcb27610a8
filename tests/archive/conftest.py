"""A simulated ledger in two partitions, with a tail behind its sealed segments."""

import shutil
from itertools import islice
from pathlib import Path

import msgspec
import pytest

from consumers.archiver import Archiving
from consumers.embedded import Embedded, found
from ledger.logs.sqlite import SqliteLog
from ledger.settings import Home
from ledger.simulator import messages
from ledger.simulator.founding import founding_of

SEED = 7
MESSAGES = 600
ENTRIES = 110


def recorded(folder: Path, seed: int = SEED) -> Home:
    """A ledger of its own for that seed."""
    found(folder, msgspec.structs.replace(founding_of(seed), partitions=2))
    with Embedded(folder) as ledger:
        ledger.publish(islice(messages(seed), MESSAGES))
    return Home(folder)


def seal(home: Home, to: str | None = None) -> int:
    """Seals what is full; how many segments that were."""
    log = SqliteLog(home.log)
    archiving = Archiving(home, log, to, ENTRIES)
    try:
        return len(list(archiving.seal()))
    finally:
        archiving.close()
        log.close()


@pytest.fixture(scope="session")
def unsealed(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Not to be changed."""
    return recorded(tmp_path_factory.mktemp("unsealed") / "home")


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory, unsealed: Home) -> Home:
    """Not to be changed."""
    folder = tmp_path_factory.mktemp("sealed") / "home"
    shutil.copytree(unsealed.folder, folder)
    seal(Home(folder))
    return Home(folder)


@pytest.fixture(scope="session")
def sealed_other(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Another ledger with an archive."""
    home = recorded(tmp_path_factory.mktemp("other") / "home", seed=8)
    seal(home)
    return home


@pytest.fixture
def other(tmp_path: Path, sealed_other: Home) -> Home:
    """Another sealed ledger of one's own."""
    shutil.copytree(sealed_other.folder, tmp_path / "other")
    return Home(tmp_path / "other")


@pytest.fixture
def home(tmp_path: Path, sealed: Home) -> Home:
    """A sealed ledger of one's own."""
    shutil.copytree(sealed.folder, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def fresh(tmp_path: Path, unsealed: Home) -> Home:
    """The same ledger without an archive."""
    shutil.copytree(unsealed.folder, tmp_path / "fresh")
    return Home(tmp_path / "fresh")


def bytes_of(folder: Path) -> dict[str, bytes]:
    """All files of an archive but drafts, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
