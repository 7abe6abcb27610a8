"""Working one item ahead: a stage of a pipeline in a thread of its own."""

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterable[T]) -> Generator[T]:
    """The same items, each made in a thread while its reader works on the one before.

    What making one raises is raised to the reader in its place. Closed, it is done with what it was
    making.
    """
    coming = iter(items)
    end = object()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="one-ahead") as thread:
        following = thread.submit(next, coming, end)
        while (item := following.result()) is not end:
            following = thread.submit(next, coming, end)
            yield item  # pyright: ignore[reportReturnType]
