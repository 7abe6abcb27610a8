"""What a server says to whoever watches it, on standard error."""

import contextlib
import sys


def tell(sentence: str) -> None:
    """Never raises: the disk that is full may be the one that keeps what is said here."""
    with contextlib.suppress(OSError, ValueError):
        print(f"ledger: {sentence}", file=sys.stderr, flush=True)
