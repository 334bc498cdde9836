"""What this package holds about a person, and what becomes of it when the account is deleted."""

from uuid import UUID

from service.accounts.models import User
from service.accounts.personal_data import PersonalData
from service.community.reviews.likes import remove_likes
from service.community.reviews.models import Review
from service.community.tallies import RATINGS, TABLES, shift_user


async def hide_opinions(user_id: UUID) -> None:
    """Have films no longer count what the user thinks, but for reviews that are to be kept."""
    keeps_reviews = await User.exists(id=user_id, keep_reviews=True)
    await shift_user(user_id, "-", (RATINGS,) if keeps_reviews else TABLES)


async def restore_opinions(user_id: UUID) -> None:
    """Have films count again what `hide_opinions` took away."""
    keeps_reviews = await User.exists(id=user_id, keep_reviews=True)
    await shift_user(user_id, "+", (RATINGS,) if keeps_reviews else TABLES)


async def erase_opinions(user_id: UUID) -> None:
    """Have films no longer count the user; reviews that are to be kept lose their author."""
    if await User.exists(id=user_id, erase_at=None):  # else they were hidden before
        await hide_opinions(user_id)
    await remove_likes(user_id)
    if await User.exists(id=user_id, keep_reviews=True):
        await Review.filter(user_id=user_id).update(user_id=None)


COMMUNITY_DATA = PersonalData(hide=hide_opinions, restore=restore_opinions, erase=erase_opinions)
