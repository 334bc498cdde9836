"""Parse file names in a worker process, which is killed when a name takes it too long.

guessit has no limit of its own, and a thread could neither be ended nor be kept from holding up the
event loop. A name that is not parsed in time is read by its year alone.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import structlog

from service.resilience.line_process import WORKER_FAILED, LineProcess
from service.search.filenames.parser import ParsedName, clean_name, parse_by_year

log = structlog.get_logger()

NAME_TIMEOUT = 1.5  # seconds for one name; ordinary ones take 20 ms, the worst known ones 0.8 s
MAX_PARSE_TIME = 3.0  # seconds for all names of one request; the others are read by their year


class NameBudget:
    """The seconds that one request may spend on parsing names.

    Args:
        clock: monotonic seconds.
    """

    def __init__(
        self, seconds: float = MAX_PARSE_TIME, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._left = seconds
        self._clock = clock

    @property
    def is_spent(self) -> bool:
        """Whether no time is left."""
        return self._left <= 0

    @contextmanager
    def charge(self) -> Iterator[None]:
        """Charge the time that the block takes."""
        started = self._clock()
        try:
            yield
        finally:
            self._left -= self._clock() - started


class NameProcess:
    """One worker process that parses names one after the other; the first name starts it.

    Args:
        timeout: seconds for one name.
    """

    def __init__(self, timeout: float = NAME_TIMEOUT) -> None:
        self._worker = LineProcess("service.search.filenames.name_worker", timeout)
        self._lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[ParsedName]] = set()

    async def parse(self, name: str, budget: NameBudget) -> ParsedName:
        """Return what the name states; raises no error.

        A cancelled caller does not interrupt the worker, whose next line would otherwise be taken
        for the answer to another name.
        """
        task = asyncio.create_task(self._parse(clean_name(name), budget))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _parse(self, name: str, budget: NameBudget) -> ParsedName:
        async with self._lock:
            if budget.is_spent:
                return parse_by_year(name)
            try:
                await self._worker.start()
                with budget.charge():
                    return ParsedName(**await self._worker.ask(name))
            except WORKER_FAILED as error:
                log.info("name not parsed", action="name_unread", name=name, error=repr(error))
                await self._worker.kill()
                return parse_by_year(name)

    async def start(self) -> None:
        """Start the worker before the first name needs it."""
        async with self._lock:
            with suppress(*WORKER_FAILED):
                await self._worker.start()

    async def close(self) -> None:
        """End the worker; safe to repeat."""
        async with self._lock:
            await self._worker.kill()
