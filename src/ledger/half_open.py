"""What was opened first is closed where the rest of an opening fails."""

from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def undone_on_failure(undo: Callable[[], None]) -> Generator[None]:
    """Calls `undo` where the block fails, and raises what it raised."""
    try:
        yield
    except BaseException:
        undo()
        raise
