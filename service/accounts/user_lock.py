"""The lock of a user's row, under which rules about all rows of the user are exact."""

from uuid import UUID

from tortoise.expressions import F

from service.accounts.models import User


async def lock_user(user_id: UUID) -> bool:
    """Lock the row of a user until the transaction ends; return False if there is no such user.

    It writes a column's own value. So it may be the first statement of a transaction on SQLite,
    where a transaction that reads first cannot write once another process has.
    """
    return bool(await User.filter(id=user_id).update(token_version=F("token_version")))
