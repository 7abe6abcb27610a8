"""Small real ledgers, recorded and projected: the docs' example visit, a simulated morning."""

import shutil
from pathlib import Path

import pytest

from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from ledger import founding
from ledger.settings import Home
from replay import shares
from tests.replay.playing import play

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "visit.ndjson"
CUSTOMER = "customer/d3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c"


@pytest.fixture(scope="session")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The example visit. Only read it."""
    folder = tmp_path_factory.mktemp("visited") / "home"
    found(folder, founding.sample())
    with Embedded(folder) as ledger, EXAMPLE.open("rb") as lines:
        ledger.publish(lines)
    place = Home(folder)
    catch_up(place)
    return place


@pytest.fixture
def home(visited: Home, tmp_path: Path) -> Home:
    """The example visit, to write in."""
    shutil.copytree(visited.folder, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Only read it."""
    return play(tmp_path_factory.mktemp("played") / "home", count=700)


@pytest.fixture(params=["in this process", "in processes"])
def processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in processes":
        monkeypatch.setattr(shares, "ALONE", 0)
        monkeypatch.setattr("os.cpu_count", lambda: 2)
