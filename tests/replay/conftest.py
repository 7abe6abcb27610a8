"""A small real ledger: the docs' example visit, recorded and projected."""

from pathlib import Path

import pytest

from consumers.embedded import Embedded, found
from consumers.projector import catch_up
from ledger import founding
from ledger.settings import Home

EXAMPLE = Path(__file__).parent.parent.parent / "docs" / "examples" / "visit.ndjson"
CUSTOMER = "customer/d3f1c3f1c3f1c3f1c3f1c3f1c3f1c3f1c"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    folder = tmp_path / "home"
    found(folder, founding.sample())
    with Embedded(folder) as ledger, EXAMPLE.open("rb") as lines:
        ledger.publish(lines)
    place = Home(folder)
    catch_up(place)
    return place
