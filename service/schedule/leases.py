"""Leases of scheduled tasks: several processes may want to run a task, one does.

A lease ends by itself, so the task of a process that died is taken over. The processes may be on
several machines, so the time is by default the database's.
"""

from collections.abc import Awaitable, Callable

from service.database.sql import fetch_rows, now_ms
from service.database.transactions import run_uncancelled
from service.schedule.models import ScheduledTaskState

LEASE_MS = 30_000

CLAIM = """
    INSERT INTO scheduled_tasks (name, owner, leased_until, due_at, failures)
    VALUES ($1, $2, $3, 0, 0)
    ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until
    WHERE scheduled_tasks.due_at <= $4
        AND (scheduled_tasks.owner IS NULL OR scheduled_tasks.owner = $2
            OR scheduled_tasks.leased_until <= $4)
    RETURNING name
"""


class TaskLeases:
    """Claims scheduled tasks for one process.

    Args:
        owner: the name of the process; a restarted one has the same name, and resumes at once.
        now_ms: the clock that all processes share, in milliseconds since the epoch.
    """

    def __init__(self, owner: str, now_ms: Callable[[], Awaitable[int]] = now_ms) -> None:
        self._owner = owner
        self._now_ms = now_ms

    async def claim(self, name: str) -> bool:
        """Claim a task for `LEASE_MS`; return False if it is not due, or another process has it."""
        return await self._is_claimable(name) and await self._claim(name)

    @run_uncancelled
    async def renew(self, name: str) -> bool:
        """Extend the lease; return False if another process has taken the task."""
        now = await self._now_ms()
        lease = ScheduledTaskState.filter(name=name, owner=self._owner)
        return bool(await lease.update(leased_until=now + LEASE_MS))

    @run_uncancelled
    async def finish(self, name: str, interval_ms: int, reason: str | None = None) -> None:
        """Release the task after a run; it is due again after `interval_ms`.

        Args:
            reason: why the run failed, if it did.
        """
        now = await self._now_ms()
        lease = ScheduledTaskState.filter(name=name, owner=self._owner)
        state = await lease.first()
        if state is not None:
            await lease.update(
                owner=None,
                due_at=now + interval_ms,
                finished_at=now,
                failures=0 if reason is None else state.failures + 1,
                reason=reason and reason[:500],
            )

    @run_uncancelled
    async def release(self, name: str) -> None:
        """Give the task up before its end; it stays due, for any process."""
        await ScheduledTaskState.filter(name=name, owner=self._owner).update(owner=None)

    async def _is_claimable(self, name: str) -> bool:
        """Return whether a claim could succeed; it spares the write of most attempts."""
        state = await ScheduledTaskState.get_or_none(name=name)
        if state is None:
            return True
        now = await self._now_ms()
        is_free = state.owner in (None, self._owner) or state.leased_until <= now
        return state.due_at <= now and is_free

    @run_uncancelled
    async def _claim(self, name: str) -> bool:
        now = await self._now_ms()
        return bool(await fetch_rows(CLAIM, name, self._owner, now + LEASE_MS, now))
