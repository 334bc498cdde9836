"""An indexer that claims a scheduled task and never ends it; a test kills it."""

import asyncio
import sys

from indexer.scheduler import ScheduledTask, Scheduler
from service.database import connection
from service.schedule.leases import TaskLeases


async def sleep_forever() -> None:
    print("claimed", flush=True)
    await asyncio.Event().wait()


async def run(database_url: str) -> None:
    await connection.open_database(database_url)
    task = ScheduledTask("sweep", 60.0, sleep_forever)
    await Scheduler(TaskLeases("killed"), [task]).run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
