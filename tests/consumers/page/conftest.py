"""A ledger whose day of business is shown by its page, and who looks at it from where."""

from collections.abc import Iterator

import pytest

from consumers.embedded import Embedded, found
from consumers.grouping import Recording
from consumers.intake import Intake
from consumers.keeper import ProjectorKeeper
from consumers.projector import catch_up
from ledger import founding
from ledger.settings import Home
from tests.consumers.day import MORNING, at_hall, business
from tests.consumers.test_intake import Client


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A day of business with a refusal, shown by the tables."""
    home = found(tmp_path_factory.mktemp("page") / "home", founding.sample())
    with Embedded(home.folder) as ledger:
        ledger.publish(list(business(customers=20)))
        ledger.publish([at_hall("start", "v0", MORNING, id_="started-again")])
    catch_up(home)
    return home


@pytest.fixture(scope="module")
def recording(home: Home) -> Iterator[Recording]:
    recording = Recording(home.folder)
    recording.start()
    yield recording
    recording.finish()
    recording.close()


@pytest.fixture(scope="module")
def intake(home: Home, recording: Recording) -> Iterator[Intake]:
    keeper = ProjectorKeeper(home)
    yield Intake(home, recording, keeper)
    keeper.finish()


@pytest.fixture
def here(intake: Intake) -> Client:
    return Client(intake, "127.0.0.1")


@pytest.fixture
def elsewhere(intake: Intake) -> Client:
    return Client(intake, "10.0.0.9", "http://ledger.example")
