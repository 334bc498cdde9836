"""Films read under their row locks, as every change of a stored film begins."""

from collections.abc import Collection
from uuid import UUID

from tortoise.expressions import F

from service.errors import NotFound, VersionMismatch
from service.films.models import Film
from service.films.redirects import raise_if_moved
from service.films.versions import FilmVersion


async def lock_film(film_id: UUID, versions: Collection[FilmVersion] | None = None) -> Film:
    """Read a film under its row lock. Starting with a write makes SQLite wait for its lock.

    Raises:
        NotFound: there is no such film.
        Moved: it was merged into another one.
        VersionMismatch: it is none of these versions; None means any version.
    """
    is_locked = await Film.filter(id=film_id).update(counters=F("counters"))
    film = await Film.get_or_none(id=film_id) if is_locked else None
    if film is None:
        await raise_if_moved(str(film_id))  # read after the lock, which a merge holds until it ends
        raise NotFound("The catalogue has no such film.", code="movie_not_found")
    if versions is not None and FilmVersion(film.id, film.version) not in versions:
        raise VersionMismatch(f"The film has changed; it is at version {film.version} now.")
    return film
