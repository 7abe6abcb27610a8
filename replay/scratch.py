"""A folder beside the result, on the same file system, that goes when the work ends."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(beside: Path) -> Generator[Path, None, None]:
    with tempfile.TemporaryDirectory(prefix=".ledger-replay-", dir=beside) as folder:
        yield Path(folder)
