"""Run scheduled tasks in the background, each in one indexer at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from indexer.shutdown import wait_or_stop
from service.database.faults import is_database_fault
from service.errors import Unavailable
from service.schedule.leases import TaskLeases

log = structlog.get_logger()

POLL_INTERVAL = 5.0  # seconds between two attempts to claim a task
RENEW_INTERVAL = 10.0  # seconds; a third of the lease


@dataclass(frozen=True, slots=True)
class ScheduledTask:
    """Work that is repeated: `interval` seconds pass between the end of a run and the next one.

    `run` is cancelled when the process stops, or when it has lost the lease because it was frozen
    or cut off; whatever it did must be safe to repeat.
    """

    name: str
    interval: float
    run: Callable[[], Awaitable[object]]


class Scheduler:
    """Runs tasks when they are due, unless another process runs them.

    Args:
        leases: claims tasks for this process.
        tasks: what this process can run.
        poll_interval: seconds between two attempts to claim a task.
        renew_interval: seconds between two renewals of a lease.
    """

    def __init__(
        self,
        leases: TaskLeases,
        tasks: Sequence[ScheduledTask],
        *,
        poll_interval: float = POLL_INTERVAL,
        renew_interval: float = RENEW_INTERVAL,
    ) -> None:
        self._leases = leases
        self._tasks = tasks
        self._poll_interval = poll_interval
        self._renew_interval = renew_interval

    async def run(self, stop: asyncio.Event) -> None:
        """Run tasks until `stop`; those in progress are cancelled and stay due."""
        await asyncio.gather(*(self._repeat(task, stop) for task in self._tasks))

    async def _repeat(self, task: ScheduledTask, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                if await self._leases.claim(task.name):
                    await self._run_claimed(task, stop)
            except Exception as error:
                if not is_database_fault(error):
                    log.error("scheduled_task_failed", task=task.name, exc_info=error)
            await wait_or_stop(stop, min(self._poll_interval, max(task.interval, 0.01)))

    async def _run_claimed(self, task: ScheduledTask, stop: asyncio.Event) -> None:
        """Run the task to its end, to `stop`, or until the lease is lost."""
        work = asyncio.ensure_future(task.run())
        watchers = [
            asyncio.create_task(stop.wait()),
            asyncio.create_task(self._renew_until_lost(task.name)),
        ]
        try:
            await asyncio.wait([work, *watchers], return_when=asyncio.FIRST_COMPLETED)
        finally:
            is_done = work.done()
            for future in (work, *watchers):
                future.cancel()
            await asyncio.gather(work, *watchers, return_exceptions=True)
        if is_done:
            await self._record_end(task, work.exception())
        else:
            await self._leases.release(task.name)

    async def _record_end(self, task: ScheduledTask, error: BaseException | None) -> None:
        interval_ms = int(task.interval * 1000)
        if error is None:
            await self._leases.finish(task.name, interval_ms)
            return
        if isinstance(error, Unavailable) or is_database_fault(error):
            reason = error.detail if isinstance(error, Unavailable) else repr(error)
            log.warning("scheduled_task_postponed", task=task.name, reason=reason[:300])
        else:
            log.error("scheduled_task_failed", task=task.name, exc_info=error)
        await self._leases.finish(task.name, interval_ms, repr(error))

    async def _renew_until_lost(self, name: str) -> None:
        """Renew the lease periodically; return when another process has it."""
        is_held = True
        while is_held:
            await asyncio.sleep(self._renew_interval)
            with contextlib.suppress(Exception):  # the next renewal shows whether it was lost
                is_held = await self._leases.renew(name)
