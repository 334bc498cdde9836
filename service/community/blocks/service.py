"""Users whom a user does not want to read."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from service.accounts.models import User
from service.accounts.user_lookup import find_user_by_name
from service.community.blocks.models import UserBlock
from service.community.own_rows import lock_owner, require_room
from service.database.transactions import run_uncancelled
from service.errors import Conflict, NotFound

MAX_BLOCKS = 1_000  # of one user; every list of reviews leaves them out


class Blocks:
    """The blocks of all users."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def find_blocks(self, user_id: UUID) -> QuerySet[UserBlock]:
        """Return whom a user blocks."""
        return UserBlock.filter(user_id=user_id).select_related("blocked")

    async def has(self, user_id: UUID, other_id: UUID) -> bool:
        """Return whether a user blocks another one."""
        return await UserBlock.filter(user_id=user_id, blocked_id=other_id).exists()

    @run_uncancelled
    async def add(self, user_id: UUID, name: str) -> None:
        """Block a user; once is enough.

        Raises:
            NotFound: `user_not_found`.
            Conflict: `own_account`, or `limit_reached`.
        """
        async with in_transaction():
            await lock_owner(user_id)
            blocked = await _get_user(name)
            if blocked.id == user_id:
                raise Conflict("It is your own account.", code="own_account")
            blocks = UserBlock.filter(user_id=user_id)
            if not await blocks.filter(blocked_id=blocked.id).exists():
                await require_room(blocks, MAX_BLOCKS, "blocked users")
                await UserBlock.create(
                    user_id=user_id, blocked_id=blocked.id, created_at=self._now()
                )

    async def remove(self, user_id: UUID, name: str) -> None:
        """No longer block a user. Raises NotFound as `add` does."""
        blocked = await _get_user(name)
        await UserBlock.filter(user_id=user_id, blocked_id=blocked.id).delete()


async def _get_user(name: str) -> User:
    user = await find_user_by_name(name)
    if user is None:
        raise NotFound("There is no such user.", code="user_not_found")
    return user
