"""Threads for long work, in which the request that has worked least goes first.

An ordinary search works for a millisecond or two, less than it would wait for a thread, and stays
on the event loop. Longer work goes to a thread, where it stops at each checkpoint while a request
is being answered that has worked less so far. So short requests hardly notice long ones, without
anybody knowing beforehand which are long. A thread that only stepped aside would never finish under
constant load; it stops for a limited time, and so keeps a share of the process. It stops for no
longer than it has worked: a search of 3 ms that waited 10 ms for a request that has just begun, and
may be a long one, would have been slowed down by what is to protect it.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Condition
from typing import TypeVar

from service.resilience.work_budget import WorkBudget

MAX_LOOP_WORK = 3_000.0  # units of work that are done on the event loop
MAX_SEARCH_WORK = 25_000.0  # units for one search; of 5,800 ordinary queries, none takes 13,000
THREADS = 8  # most of them wait for each other
SLICE = 0.0005  # seconds between two pauses
MAX_PAUSE = 0.01  # seconds that work stops for others before its next slice
SECONDS_PER_UNIT = 1e-6  # of work, on an ordinary machine

T = TypeVar("T")


def search_budget(within: WorkBudget | None = None) -> WorkBudget:
    """Return the budget of one search, alone or as a part of a request with several."""
    return WorkBudget(MAX_SEARCH_WORK, within=within)


class WorkThreads:
    """Runs the work of all requests of this process.

    Args:
        max_pause: seconds that work stops for others at a checkpoint.
    """

    def __init__(self, max_pause: float = MAX_PAUSE) -> None:
        self._executor = ThreadPoolExecutor(THREADS, thread_name_prefix="work")
        self._max_pause = max_pause
        self._active: dict[int, WorkBudget] = {}
        self._changed = Condition()
        self._paused = 0

    def close(self) -> None:
        """Give up what has not been started."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    @contextmanager
    def answering(self, budget: WorkBudget) -> Iterator[None]:
        """Count a request as being answered: those that have worked more stop for it."""
        with self._changed:
            self._active[id(budget)] = budget
        try:
            yield
        finally:
            with self._changed:
                del self._active[id(budget)]
                if self._paused:
                    self._changed.notify_all()

    async def run(self, budget: WorkBudget, units: float, work: Callable[[], T]) -> T:
        """Return what `work` returns; a little is done on the event loop, the rest in a thread."""
        if units <= MAX_LOOP_WORK:
            return work()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._work, budget, work)

    def _work(self, budget: WorkBudget, work: Callable[[], T]) -> T:
        budget.pause = _Pacer(self, budget.request).pause
        try:
            budget.checkpoint()
            return work()
        finally:
            budget.pause = None

    def wait_for_others(self, budget: WorkBudget) -> None:
        """Wait, but not for long, until no request is being answered that has worked less."""
        seconds = min(self._max_pause, budget.spent * SECONDS_PER_UNIT)
        with self._changed:
            self._paused += 1
            self._changed.wait_for(lambda: not self._goes_after_others(budget), seconds)
            self._paused -= 1

    def _goes_after_others(self, budget: WorkBudget) -> bool:
        return any(
            other.spent < budget.spent for other in self._active.values() if other is not budget
        )


class _Pacer:
    """Makes one piece of work stop for others once a slice of time has passed."""

    def __init__(self, threads: WorkThreads, budget: WorkBudget) -> None:
        self._threads = threads
        self._budget = budget
        self._next_pause = 0.0

    def pause(self) -> None:
        if time.monotonic() >= self._next_pause:
            self._threads.wait_for_others(self._budget)
            self._next_pause = time.monotonic() + SLICE
