"""Bring the schema up to date when a process of the service starts."""

import asyncio
import sys

import structlog

from service.database.fault_descriptions import describe_database_fault
from service.database.faults import is_database_fault
from service.database.migrate import is_schema_current, prepare_schema

log = structlog.get_logger()

RETRY_INTERVAL = 2.0  # between two attempts while the database is unavailable


async def start_schema_upkeep(url: str) -> "asyncio.Task[None]":
    """Bring the schema up to date before the process opens the database.

    If that fails, the process starts all the same, since it has to say what is wrong; the returned
    task then migrates as soon as the database allows it.
    """
    try:
        await prepare_schema(url)
    except Exception as error:
        log.warning("schema_not_prepared", reason=describe_database_fault(error, url))
        return asyncio.create_task(_prepare_schema_later(url))
    return asyncio.create_task(asyncio.sleep(0))


async def _prepare_schema_later(url: str) -> None:
    """Try again until the schema is up to date."""
    while True:
        await asyncio.sleep(RETRY_INTERVAL)
        try:
            if await is_schema_current(url) or await _migrate_in_child():
                return
        except Exception as error:
            if not is_database_fault(error):
                log.warning("schema_not_prepared", reason=describe_database_fault(error, url))


async def _migrate_in_child() -> bool:
    """Run `movies migrate`: this process's own connections must not be closed by a migration."""
    command = (sys.executable, "-m", "service", "migrate")
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    try:
        return await child.wait() == 0
    finally:
        if child.returncode is None:
            child.terminate()
