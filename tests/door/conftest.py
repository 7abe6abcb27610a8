from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.door.admit import Door
from ledger.vault import Vault
from tests.door.messages import open_door, open_vault


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = open_vault(tmp_path)
    yield vault
    vault.close()


@pytest.fixture
def door(vault: Vault) -> Door:
    return open_door(vault)
