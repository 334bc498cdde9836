"""Requests to compare index and database now; an indexer runs them as scheduled tasks."""

from typing import Literal

from tortoise.transactions import in_transaction

from service.audit.log import record
from service.database.sql import fetch_rows, now_ms
from service.database.transactions import run_uncancelled
from service.schedule.models import ScheduledTaskState

CHECK_TASK = "check_drift"
REPAIR_TASK = "repair_drift"
ON_REQUEST = 10 * 31_557_600.0  # seconds; such a task is due only once it is requested
DUE_MS = 0

CheckState = Literal["waiting", "running"]

_REQUEST = """
    INSERT INTO scheduled_tasks (name, due_at, leased_until, failures) VALUES ($1, $2, 0, 0)
    ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at
"""


@run_uncancelled
async def prepare_requests() -> None:
    """Create the tasks, so that a scheduler does not run them before they are requested."""
    due_at = await now_ms() + int(ON_REQUEST * 1000)
    tasks = [ScheduledTaskState(name=name, due_at=due_at) for name in (CHECK_TASK, REPAIR_TASK)]
    await ScheduledTaskState.bulk_create(tasks, ignore_conflicts=True)


@run_uncancelled
async def request_check(*, repair: bool) -> None:
    """Have an indexer compare everything; with `repair`, index again what differs."""
    async with in_transaction():
        await fetch_rows(_REQUEST, REPAIR_TASK if repair else CHECK_TASK, DUE_MS)
        await record("drift_check_requested", repair=repair)


async def find_check() -> CheckState | None:
    """Return whether a requested comparison waits or runs; None if none is requested."""
    now = await now_ms()
    states = await ScheduledTaskState.filter(name__in=(CHECK_TASK, REPAIR_TASK))
    if any(state.owner is not None and state.leased_until > now for state in states):
        return "running"
    return "waiting" if any(state.due_at == DUE_MS for state in states) else None
