"""What this package holds about a person, and what becomes of it when the account is deleted."""

from uuid import UUID

from service.accounts.models import User
from service.accounts.personal_data import PersonalData
from service.community.reviews.likes import remove_likes
from service.community.reviews.models import Review
from service.community.tallies import RATINGS, REVIEWS, TABLES, Table, shift_user


async def hide_opinions(user_id: UUID) -> None:
    """Have films no longer count what the user thinks, but for reviews that are to be kept."""
    user = await User.get(id=user_id)
    if user.disabled_at is None:  # else nothing of it counts
        await shift_user(user_id, "-", (RATINGS,) if user.keep_reviews else TABLES)


async def restore_opinions(user_id: UUID) -> None:
    """Have films count again what `hide_opinions` took away."""
    user = await User.get(id=user_id)
    if user.disabled_at is None:
        await shift_user(user_id, "+", (RATINGS,) if user.keep_reviews else TABLES)


async def disable_opinions(user_id: UUID) -> None:
    """Have films count nothing of the user, not even reviews that are to be kept."""
    await shift_user(user_id, "-", _find_counted_tables(await User.get(id=user_id)))


async def enable_opinions(user_id: UUID) -> None:
    """Have films count again what `disable_opinions` took away."""
    await shift_user(user_id, "+", _find_counted_tables(await User.get(id=user_id)))


async def erase_opinions(user_id: UUID) -> None:
    """Have films no longer count the user; reviews that are to be kept lose their author.

    Those of a disabled account are not kept: they would be shown again.
    """
    user = await User.get(id=user_id)
    if user.erase_at is None:  # else they were hidden before
        await hide_opinions(user_id)
    await remove_likes(user_id)
    if user.keep_reviews and user.disabled_at is None:
        await Review.filter(user_id=user_id).update(user_id=None)


def _find_counted_tables(user: User) -> tuple[Table, ...]:
    """Return what counts of a user whose account is not disabled."""
    if user.erase_at is None:
        return TABLES
    return (REVIEWS,) if user.keep_reviews else ()


COMMUNITY_DATA = PersonalData(
    hide=hide_opinions,
    restore=restore_opinions,
    erase=erase_opinions,
    disable=disable_opinions,
    enable=enable_opinions,
)
