"""Lists of films: made by a user, in the user's order, seen by whom the user lets see them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from tortoise.functions import Max
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction
from uuid_utils.compat import uuid7

from service.community.film_references import delete_older_of_both, move_references
from service.community.lists.models import FilmList, ListItem
from service.community.lists.schemas import MAX_ITEMS, ListPatch, NewList
from service.community.own_rows import find_own_row, lock_owner, require_room
from service.database.transactions import run_uncancelled
from service.errors import FieldError, Invalid, NotFound
from service.films.catalogue import Catalogue
from service.films.models import Film
from service.text.uuids import parse_uuid

MAX_LISTS = 200  # of one user


@dataclass(frozen=True, slots=True)
class AddedItem:
    """A film of a list, and whether it is new there."""

    item: ListItem
    is_new: bool


class FilmLists:
    """The lists of all users."""

    def __init__(self, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._now = now

    def find_lists(self, user_id: UUID) -> QuerySet[FilmList]:
        """Return the lists of a user."""
        return FilmList.filter(user_id=user_id)

    def find_items(self, film_list: FilmList) -> QuerySet[ListItem]:
        """Return the films of a list."""
        return ListItem.filter(list_id=film_list.id)

    async def get(self, list_id: str, reader_id: UUID | None) -> FilmList:
        """Return a list that its reader, None for anybody, may see.

        Raises:
            NotFound: `list_not_found`, also for a private list of somebody else.
        """
        uuid = parse_uuid(list_id)
        film_list = await FilmList.get_or_none(id=uuid).select_related("user") if uuid else None
        if film_list is None or not _is_visible(film_list, reader_id):
            raise NotFound("There is no such list.", code="list_not_found")
        return film_list

    @run_uncancelled
    async def create(self, user_id: UUID, new: NewList, list_id: UUID | None = None) -> FilmList:
        """Make a list without films.

        Args:
            list_id: that of the list, if a repeated request may have made it already.

        Raises:
            Conflict: `limit_reached`.
        """
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            if list_id is not None:
                film_list = await self.find_lists(user_id).get_or_none(id=list_id)
                if film_list is not None:
                    return film_list
            await require_room(self.find_lists(user_id), MAX_LISTS, "lists")
            return await FilmList.create(
                id=list_id or uuid7(),
                user_id=user_id,
                **new.model_dump(),
                created_at=now,
                updated_at=now,
            )

    @run_uncancelled
    async def change(self, user_id: UUID, list_id: str, change: NewList | ListPatch) -> FilmList:
        """Change a list: what a patch holds, or everything.

        Raises:
            NotFound: `list_not_found`, also for a list of somebody else.
        """
        columns = change.model_dump(exclude_unset=isinstance(change, ListPatch))
        async with in_transaction():
            await lock_owner(user_id)
            film_list = await self.get_own(user_id, list_id)
            film_list.update_from_dict({**columns, "updated_at": self._now()})
            await film_list.save(update_fields=[*columns, "updated_at"])
        return film_list

    @run_uncancelled
    async def delete(self, user_id: UUID, list_id: str) -> None:
        """Delete a list, with what it says of films. Raises what `change` raises."""
        async with in_transaction():
            await lock_owner(user_id)
            await (await self.get_own(user_id, list_id)).delete()

    @run_uncancelled
    async def add_item(
        self, user_id: UUID, list_id: str, film_id: UUID, note: str | None
    ) -> AddedItem:
        """Put a film at the end of a list, or replace the note of one that is there.

        Raises:
            NotFound: `list_not_found` or `movie_not_found`.
            Moved: the film was merged into another one.
            Conflict: `limit_reached`.
        """
        now = self._now()
        async with in_transaction():
            await lock_owner(user_id)
            film_list = await self.get_own(user_id, list_id)
            film = await self._catalogue.get(str(film_id))
            items = self.find_items(film_list)
            await FilmList.filter(id=film_list.id).update(updated_at=now)
            item = await items.get_or_none(film_id=film.id)
            if item is not None:
                item.note = note
                await item.save(update_fields=["note"])
                return AddedItem(item, is_new=False)
            await require_room(items, MAX_ITEMS, "films of a list")
            positions = await items.annotate(last=Max("position")).values_list("last", flat=True)
            last_position = cast(int | None, positions[0])
            item = await ListItem.create(
                list_id=film_list.id,
                film_id=film.id,
                title=film.title,
                year=film.year,
                note=note,
                position=(last_position or 0) + 1,
                added_at=now,
            )
            return AddedItem(item, is_new=True)

    @run_uncancelled
    async def remove_item(self, user_id: UUID, list_id: str, film_id: UUID) -> None:
        """Take a film from a list, if it is there. Raises what `change` raises."""
        async with in_transaction():
            await lock_owner(user_id)
            film_list = await self.get_own(user_id, list_id)
            if await self.find_items(film_list).filter(film_id=film_id).delete():
                await FilmList.filter(id=film_list.id).update(updated_at=self._now())

    @run_uncancelled
    async def order_items(
        self, user_id: UUID, list_id: str, film_ids: Sequence[UUID | None]
    ) -> FilmList:
        """Put these films first, in this order; all others follow as before.

        Raises:
            NotFound: `list_not_found`, also for a list of somebody else.
            Invalid: a film is not in the list, or named twice.
        """
        async with in_transaction():
            await lock_owner(user_id)
            film_list = await self.get_own(user_id, list_id)
            items = await self.find_items(film_list).order_by("position", "id")
            by_film = {item.film_id: item for item in items}
            first = [_take_item(by_film, film_id, n) for n, film_id in enumerate(film_ids)]
            for position, item in enumerate([*first, *by_film.values()], start=1):
                item.position = position
            await ListItem.bulk_update(items, fields=["position"], batch_size=200)
            film_list.updated_at = self._now()
            await film_list.save(update_fields=["updated_at"])
        return film_list

    async def get_own(self, user_id: UUID, list_id: str) -> FilmList:
        """Return a list of the user. Raises what `change` raises."""
        own_lists = self.find_lists(user_id).select_related("user")
        return await find_own_row(own_lists, list_id, "list_not_found", "list")


async def move_list_items(merged: Film, film: Film) -> None:
    """Let the items of `merged` be items of `film`; of two in one list, the newer stays."""
    await delete_older_of_both("list_items", "list_id", "added_at", merged, film)
    await move_references("list_items", merged, film)


def _is_visible(film_list: FilmList, reader_id: UUID | None) -> bool:
    """Return whether a reader may see a list; others see those of usable accounts alone."""
    if film_list.user_id == reader_id:
        return True
    return film_list.visibility != "private" and film_list.user.is_usable


def _take_item(by_film: dict[UUID, ListItem], film_id: UUID | None, number: int) -> ListItem:
    """Return the item of a film, and take it out of `by_film`. Raises Invalid."""
    item = by_film.pop(film_id, None) if film_id else None
    if item is None:
        reason = "is not in the list, or named twice"
        raise Invalid(f"A film {reason}.", errors=(FieldError(f"/movies/{number}", reason),))
    return item
