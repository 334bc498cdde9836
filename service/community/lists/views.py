"""Lists as one reader sees them: what the routes of lists and of profiles share."""

from uuid import UUID

from tortoise.functions import Count

from service.community.lists.models import FilmList, ListItem
from service.community.lists.responses import ListView, list_view


async def list_views(film_lists: list[FilmList], reader_id: UUID | None) -> list[ListView]:
    """Return lists, read with their users, as `reader_id` sees them."""
    ids = [film_list.id for film_list in film_lists]
    counts = ListItem.filter(list_id__in=ids).annotate(count=Count("id")).group_by("list_id")
    movies = dict(await counts.values_list("list_id", "count")) if ids else {}
    return [
        list_view(film_list, movies.get(film_list.id, 0), _find_owner(film_list, reader_id))
        for film_list in film_lists
    ]


def _find_owner(film_list: FilmList, reader_id: UUID | None) -> str | None:
    """Return the name of the user who made a list, if the reader may know it."""
    is_visible = film_list.user_id == reader_id or film_list.user.profile == "public"
    return film_list.user.username if is_visible else None
