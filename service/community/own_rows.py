"""The rows that belong to one user: written one after the other, and limited in number.

Every use case of a user's own rows begins its transaction with `lock_owner`, so that limits are
exact and the rows of a deleted user are not written any more. A row of somebody else does not
exist for a user: `find_own_row` answers as if there were none.
"""

from typing import TypeVar
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

from service.accounts.sessions.tokens import invalid_token_error
from service.accounts.user_lock import lock_user
from service.errors import Conflict, ErrorCode, NotFound
from service.films.insert_locks import lock_out_merges
from service.text.uuids import parse_uuid

M = TypeVar("M", bound=Model)


async def lock_owner(user_id: UUID) -> None:
    """Keep other writers of this user's rows, and merges of films, out until the transaction ends.

    It is the first statement of a transaction: a write makes SQLite wait for its lock.

    Raises:
        NotAuthenticated: the user has been deleted.
    """
    if not await lock_user(user_id):
        raise invalid_token_error()
    await lock_out_merges()


async def require_room(rows: QuerySet[M], maximum: int, name: str) -> None:
    """Check that one more row fits, under the lock of its owner.

    Raises:
        Conflict: `limit_reached`.
    """
    if await rows.count() >= maximum:
        raise Conflict(f"At most {maximum:,} {name} are kept.", code="limit_reached")


async def find_own_row(rows: QuerySet[M], row_id: str, code: ErrorCode, name: str) -> M:
    """Return the row of this id among `rows`, which are a user's own.

    Raises:
        NotFound: with `code`; there is none, or it is somebody else's.
    """
    uuid = parse_uuid(row_id)
    row = await rows.get_or_none(id=uuid) if uuid else None
    if row is None:
        raise NotFound(f"There is no such {name}.", code=code)
    return row
