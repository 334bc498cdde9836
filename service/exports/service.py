"""Request an export of one's own data, see how far it is, and read it."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from service.accounts.personal_data import PersonalData
from service.clock import epoch_ms
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound, TooMany
from service.exports import jobs
from service.exports.models import Export
from service.exports.responses import ExportView
from service.text.uuids import parse_uuid

MIN_INTERVAL = timedelta(minutes=5)  # between two exports of one user, unless the first one failed


class Exports:
    """Exports of users, each of whom has one at a time.

    Args:
        now: the clock, aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    async def request(self, user_id: UUID) -> ExportView:
        """Have an export made, which replaces the one before.

        Raises:
            Conflict: `export_running`; the detail names it.
            TooMany: `export_too_soon`.
        """
        present = await Export.get_or_none(user_id=user_id)
        if present is not None:
            self._require_replaceable(present)
        try:
            return ExportView.from_export(await self._insert(user_id))
        except IntegrityError:
            raise _running_error(await Export.get_or_none(user_id=user_id)) from None

    async def list_exports(self, user_id: UUID) -> list[ExportView]:
        """Return the export of a user, if there is one that has not expired."""
        exports = await Export.filter(user_id=user_id)
        return [ExportView.from_export(export) for export in exports if self._is_current(export)]

    async def get(self, user_id: UUID, export_id: str) -> Export:
        """Return an export of this user.

        Raises:
            NotFound: `export_not_found`, also for an export of somebody else.
        """
        uuid = parse_uuid(export_id)
        export = await Export.get_or_none(id=uuid, user_id=user_id) if uuid else None
        if export is None or not self._is_current(export):
            raise NotFound("There is no such export.", code="export_not_found")
        return export

    @staticmethod
    def read_chunks(export: Export) -> AsyncIterator[bytes]:
        """Yield the archive of a finished export in pieces."""
        return jobs.read_chunks(export)

    def _require_replaceable(self, export: Export) -> None:
        """Return if this export may be replaced now. Raises Conflict or TooMany."""
        if export.finished_at is None:
            raise _running_error(export)
        next_at = export.created_at + MIN_INTERVAL / timedelta(milliseconds=1)
        wait_ms = next_at - epoch_ms(self._now())
        if export.failure is None and wait_ms > 0:
            raise TooMany(
                "An export was made a moment ago.",
                code="export_too_soon",
                retry_after=wait_ms / 1000,
            )

    def _is_current(self, export: Export) -> bool:
        finished_at = export.finished_at
        now_ms = epoch_ms(self._now())
        return finished_at is None or finished_at + jobs.RETENTION_MS > now_ms

    @run_uncancelled
    async def _insert(self, user_id: UUID) -> Export:
        async with in_transaction():
            await Export.filter(user_id=user_id, finished_at__isnull=False).delete()
            return await Export.create(user_id=user_id, created_at=epoch_ms(self._now()))


async def delete_exports(user_id: UUID) -> None:
    """Delete the exports of a user, also one that is being made."""
    await Export.filter(user_id=user_id).delete()


def _running_error(export: Export | None) -> Conflict:
    name = f" {export.id}" if export else ""
    return Conflict(f"The export{name} is being made.", code="export_running")


EXPORT_DATA = PersonalData(hide=delete_exports)
