"""A fresh ledger, on the sample's simulated clock unless a test asks for the system's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.embedded import Embedded, found
from ledger import founding

Opener = Callable[..., Embedded]


@pytest.fixture
def open_ledger(tmp_path: Path) -> Iterator[Opener]:
    """Opens the ledger in a folder (founded by the first), by default always the same one.

    `clock` and policy parameters, with `__` for the dot, are those of the founding.
    """
    with ExitStack() as opened:

        def opener(name: str = "home", clock: str = "simulated", **parameters: Any) -> Embedded:
            folder = tmp_path / name
            if not folder.exists():
                sample = founding.sample()
                changed = {key.replace("__", "."): value for key, value in parameters.items()}
                policy = msgspec.structs.replace(sample.policy, parameters=changed)
                found(folder, msgspec.structs.replace(sample, clock=clock, policy=policy))
            return opened.enter_context(Embedded(folder))

        yield opener


@pytest.fixture
def ledger(open_ledger: Opener) -> Embedded:
    return open_ledger()
