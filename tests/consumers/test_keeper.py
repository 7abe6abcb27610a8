"""Keeping the projector: whatever fails is told, and the projector is kept nevertheless."""

from collections.abc import Iterator

import pytest

from consumers import keeper
from consumers.keeper import ProjectorKeeper
from consumers.movement import Movement
from ledger.settings import Home
from tests.consumers.conftest import Opener
from tests.consumers.server import until


class Process:
    """Stands for a projector that died; the next one cannot be started at first."""

    started = 0
    exit_code = 9

    def __init__(self, _: object) -> None:
        Process.started += 1
        if Process.started == 2:
            raise OSError("Resource temporarily unavailable")
        self.running = Process.started > 2

    def finish(self) -> None:
        pass


@pytest.fixture
def home(open_ledger: Opener) -> Home:
    return open_ledger().home


@pytest.fixture
def kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProjectorKeeper]:
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(keeper, "ProjectorProcess", Process)
    monkeypatch.setattr(Process, "started", 0)
    kept = ProjectorKeeper(home)
    yield kept
    kept.finish()


def test_a_projector_that_cannot_be_started_is_tried_again(
    kept: ProjectorKeeper, capsys: pytest.CaptureFixture[str]
) -> None:
    until(lambda: kept.running)
    said = capsys.readouterr().err
    assert "the projector stopped with exit code 9" in said
    assert "keeping the projector failed by OSError: Resource temporarily unavailable" in said


def test_an_error_that_nobody_foresaw_is_told_once_and_the_projector_is_kept(
    kept: ProjectorKeeper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    until(lambda: kept.running)
    capsys.readouterr()
    looks: list[object] = []

    def look(*arguments: object) -> None:
        looks.append(arguments)
        raise KeyError("nobody knows")

    monkeypatch.setattr(Movement, "look", look)
    until(lambda: len(looks) > 3)
    assert capsys.readouterr().err.count("failed by KeyError: 'nobody knows'") == 1
