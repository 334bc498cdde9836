"""What a user shows to others: nothing, unless the profile is public."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from tortoise.functions import Count
from tortoise.queryset import QuerySet

from service.accounts.models import User
from service.accounts.user_lookup import find_user_by_name
from service.community.history.models import HistoryEntry
from service.community.lists.models import FilmList
from service.community.ratings.models import Rating
from service.community.reviews.models import Review
from service.errors import NotFound


@dataclass(frozen=True, slots=True)
class ProfileCounts:
    """How many films a user has seen, how often, has rated and reviewed; lists that others see."""

    films_seen: int
    viewings: int
    ratings: int
    reviews: int
    lists: int


class Profiles:
    """The profiles of all users."""

    async def get_user(self, name: str, reader_id: UUID | None) -> User:
        """Return the user of this name whose profile the reader, None for anybody, may see.

        Raises:
            NotFound: `user_not_found`, also if the profile is private.
        """
        user = await find_user_by_name(name)
        if user is None or not _is_visible(user, reader_id):
            raise NotFound("There is no such user.", code="user_not_found")
        return user

    def find_public_lists(self, user: User) -> QuerySet[FilmList]:
        """Return the lists that everybody may see."""
        return FilmList.filter(user_id=user.id, visibility="public").select_related("user")

    async def count(self, user: User) -> ProfileCounts:
        """Count what the profile shows."""
        entries = HistoryEntry.filter(user_id=user.id)
        films = entries.annotate(films=Count("film_id", distinct=True))
        [films_seen] = await films.values_list("films", flat=True)
        return ProfileCounts(
            films_seen=cast(int, films_seen),
            viewings=await entries.count(),
            ratings=await Rating.filter(user_id=user.id).count(),
            reviews=await Review.filter(user_id=user.id, hidden_at=None).count(),
            lists=await self.find_public_lists(user).count(),
        )


def _is_visible(user: User, reader_id: UUID | None) -> bool:
    """Return whether a reader may see a profile; others see those of usable accounts alone."""
    return user.id == reader_id or (user.profile == "public" and user.is_usable)
