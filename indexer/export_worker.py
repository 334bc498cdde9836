"""The loop that makes exports of what is stored about people."""

import asyncio
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import structlog

from indexer.shutdown import retry_or_stop
from service.accounts.personal_data import ExportPart
from service.clock import epoch_ms
from service.database.faults import is_database_fault, log_database_fault
from service.exports import jobs
from service.exports.archive import (
    DEFAULT_LIMITS,
    ArchiveLimits,
    ArchiveTooLargeError,
    ArchiveWriter,
)
from service.exports.jobs import MAX_ATTEMPTS, RETRY_DELAY_MS, ExportJob, ExportLostError

log = structlog.get_logger()

POLL_INTERVAL = 1.0  # seconds between two looks for exports
RENEW_INTERVAL = 10.0  # seconds; a sixth of the lease
CHUNK_BYTES = 256 * 1024  # of the archive, in one row


class ExportWorker:
    """Makes exports, one after the other; any number of indexers may run.

    Args:
        parts: what is exported.
        folder: for the temporary file of the archive.
        now: the clock, aware UTC.
        owner: the name of this process, under which it claims exports.
        limits: how large an archive may become.
        poll_interval: seconds between two looks for exports.
    """

    def __init__(
        self,
        parts: Sequence[ExportPart],
        folder: Path,
        now: Callable[[], datetime],
        owner: str,
        *,
        limits: ArchiveLimits = DEFAULT_LIMITS,
        poll_interval: float = POLL_INTERVAL,
    ) -> None:
        self._parts = parts
        self._folder = folder
        self._now = now
        self._owner = owner
        self._limits = limits
        self._poll_interval = poll_interval
        self._renewed_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Make exports until `stop`, then release the one in progress at once.

        What this process had claimed before it died is released first.
        """
        release_claims = partial(jobs.release_claims, self._owner)
        await retry_or_stop(stop, release_claims, self._log_error, self._poll_interval)
        work = asyncio.create_task(self._make_until_cancelled())
        try:
            await stop.wait()
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    async def make_due(self) -> int:
        """Make the exports that are due now; return their number."""
        count = 0
        while job := await jobs.claim(self._owner, self._now_ms()):
            await self._process(job)
            count += 1
        return count

    async def _make_until_cancelled(self) -> None:
        while True:
            try:
                await self.make_due()
            except Exception as error:
                self._log_error(error)
            await asyncio.sleep(self._poll_interval)

    async def _process(self, job: ExportJob) -> None:
        """Make one export, and record what came of it."""
        if job.attempt > MAX_ATTEMPTS:
            await self._fail(job, "interrupted")
            return
        try:
            await self._make(job)
        except ExportLostError:
            log.info("export_lost", export_id=str(job.id))
        except ArchiveTooLargeError:
            await self._fail(job, "too_large")
        except asyncio.CancelledError:
            await jobs.release(job)
            raise
        except Exception as error:
            if is_database_fault(error):
                raise  # its lease ends by itself
            log.error("export_failed", export_id=str(job.id), exc_info=error)
            if job.attempt >= MAX_ATTEMPTS:
                await self._fail(job, "error")
            else:
                await jobs.retry(job, self._now_ms() + RETRY_DELAY_MS)

    async def _make(self, job: ExportJob) -> None:
        """Write the archive, store it in pieces, and publish it."""

        async def renew_lease() -> None:
            if time.monotonic() - self._renewed_at >= RENEW_INTERVAL:
                await jobs.renew(job, self._now_ms())
                self._renewed_at = time.monotonic()

        self._renewed_at = time.monotonic()
        with tempfile.TemporaryFile(dir=self._folder) as file:
            writer = ArchiveWriter(file, self._folder, self._now(), renew_lease, self._limits)
            await writer.write(job.user_id, self._parts)
            size_bytes = file.seek(0, 2)
            file.seek(0)
            number = 0
            while data := file.read(CHUNK_BYTES):
                await renew_lease()
                await jobs.store_chunk(job, number, data)
                number += 1
        await jobs.finish(job, size_bytes, self._now_ms())
        log.info("export_made", export_id=str(job.id), size_bytes=size_bytes)

    async def _fail(self, job: ExportJob, failure: jobs.Failure) -> None:
        await jobs.fail(job, failure, self._now_ms())
        log.error("export_given_up", export_id=str(job.id), reason=failure)

    @staticmethod
    def _log_error(error: Exception) -> None:
        if not log_database_fault(error):
            log.error("export_failed", exc_info=error)

    def _now_ms(self) -> int:
        return epoch_ms(self._now())
