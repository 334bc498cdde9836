"""A thread for long queries, so that none holds up the event loop and everybody else's requests.

Planning looks up each word of a query and each pair of words in the vocabulary, and ranking
compares them with every hit. For an ordinary query that takes a millisecond or two, less than it
would wait for a thread on a busy machine. For a long misspelt query it takes a hundred times that.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.search.query.parser import Query

MAX_LOOP_LETTERS = 32  # of a query whose work is done on the event loop; titles have 15, mostly

T = TypeVar("T")


def is_long(query: Query) -> bool:
    """Return whether work on the query may take long enough to belong into a thread."""
    return sum(map(len, query.words)) > MAX_LOOP_LETTERS


class QueryThread:
    """One thread, so that long queries wait for each other rather than short ones for them."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="queries")

    def close(self) -> None:
        """Give up what has not been started."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    async def run(self, query: Query, work: Callable[[], T]) -> T:
        """Return what `work` returns: on the event loop for a short query, else in the thread."""
        if not is_long(query):
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
