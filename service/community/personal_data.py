"""What this package holds about a person, and what becomes of it when the account is deleted."""

from uuid import UUID

from service.accounts.models import User
from service.accounts.personal_data import PersonalData
from service.community.tallies import shift_user


async def hide_opinions(user_id: UUID) -> None:
    """Have films no longer count what the user thinks of them."""
    await shift_user(user_id, "-")


async def restore_opinions(user_id: UUID) -> None:
    """Have films count again what the user thinks of them."""
    await shift_user(user_id, "+")


async def erase_opinions(user_id: UUID) -> None:
    """Have films no longer count the user, unless that has been so since the account was hidden."""
    if await User.exists(id=user_id, erase_at=None):
        await shift_user(user_id, "-")


COMMUNITY_DATA = PersonalData(hide=hide_opinions, restore=restore_opinions, erase=erase_opinions)
