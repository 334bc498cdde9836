"""What admins hear over their sockets: how rebuilds and rollbacks of the index go on.

Jobs run in indexers and are rows of the database, so each API worker reads them there, but only
while an admin has a socket open in it. Exports are not among them: they concern their owners alone.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from service.community.live.sockets import LiveSocket
from service.database.faults import is_database_error, is_database_fault
from service.indexing.reindex_jobs import ReindexView

log = structlog.get_logger()

WATCHED_JOBS = 5  # the newest; only one is active at a time
READ_INTERVAL = 1.0  # seconds between two looks at the jobs


class JobFeed:
    """Tells the sockets of admins how jobs go on.

    Args:
        read_jobs: returns so many of the newest jobs.
        read_interval: seconds between two looks at the jobs.
    """

    def __init__(
        self,
        read_jobs: Callable[[int], Awaitable[Sequence[ReindexView]]],
        read_interval: float = READ_INTERVAL,
    ) -> None:
        self._read_jobs = read_jobs
        self._read_interval = read_interval
        self._sockets: set[LiveSocket] = set()
        self._newcomers: set[LiveSocket] = set()
        self._has_sockets = asyncio.Event()
        self._shown: dict[str, ReindexView] = {}

    def add(self, socket: LiveSocket) -> None:
        """Tell a socket of jobs, if it is an admin's: of the newest one soon, then of changes."""
        if socket.user.is_admin:
            self._newcomers.add(socket)
            self._has_sockets.set()

    def remove(self, socket: LiveSocket) -> None:
        """Forget a socket that is closed."""
        self._sockets.discard(socket)
        self._newcomers.discard(socket)
        if not self._sockets and not self._newcomers:
            self._has_sockets.clear()

    async def run(self) -> None:
        """Read jobs while there are sockets, for as long as the process runs."""
        while True:
            await self._has_sockets.wait()
            try:
                await self.read()
            except Exception as error:
                if not (is_database_fault(error) or is_database_error(error)):
                    raise
                log.warning("job_feed_failed", reason=repr(error)[:300])
            await asyncio.sleep(self._read_interval)

    async def read(self) -> None:
        """Send what has changed since the last look; to newcomers, the newest job as it is."""
        newcomers = set(self._newcomers)
        jobs = await self._read_jobs(WATCHED_JOBS)
        changed = [job for job in reversed(jobs) if self._shown.get(job.id) != job]
        self._shown = {job.id: job for job in jobs}
        _tell(self._sockets, changed)
        newcomers &= self._newcomers  # some may be closed by now
        _tell(newcomers, jobs[:1])
        self._sockets |= newcomers
        self._newcomers -= newcomers


def _tell(sockets: set[LiveSocket], jobs: Sequence[ReindexView]) -> None:
    for job in jobs:
        for socket in sockets:
            socket.push({"event": "job_progress", "job": job})
