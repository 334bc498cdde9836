"""The rule that there is always an admin who can log in."""

from uuid import UUID

from service.database.connection import get_connection, is_postgres
from service.database.sql import fetch_rows
from service.errors import Conflict

FIND_ACTIVE_ADMINS = """
    SELECT id FROM users WHERE is_admin AND erase_at IS NULL AND disabled_at IS NULL ORDER BY id
"""


async def require_other_admin(user_id: UUID) -> None:
    """Return if the service has an admin without this user, or the user is none.

    Called in the transaction that takes the admin away, before it writes anything else: two admins
    who remove each other, or themselves, wait for each other here.

    Raises:
        Conflict: `last_admin`.
    """
    if is_postgres():
        rows = await fetch_rows(f"{FIND_ACTIVE_ADMINS} FOR UPDATE")
    else:
        # A write locks the whole database; without one, both transactions would read first.
        await get_connection().execute_query("UPDATE users SET is_admin = is_admin WHERE 0")
        rows = await fetch_rows(FIND_ACTIVE_ADMINS)
    if [str(row["id"]) for row in rows] == [str(user_id)]:
        raise Conflict("This is the last admin; promote another user first.", code="last_admin")
