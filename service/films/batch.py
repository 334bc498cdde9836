"""Several films of the catalogue at once, each found or refused on its own."""

from collections.abc import Sequence

from service.errors import DomainError, FieldError, Invalid, NotFound
from service.film_fields import FilmRow
from service.films.rows import get_film_rows, get_film_rows_by_imdb_id
from service.text.imdb_ids import parse_imdb_id
from service.text.uuids import parse_uuid


async def find_films(ids: Sequence[str]) -> list[FilmRow | DomainError]:
    """Return for each id its film, or why there is none. Does not ask OMDb.

    Args:
        ids: ids of ours or IMDb ids.
    """
    film_ids = [str(uuid) for uuid in map(parse_uuid, ids) if uuid]
    imdb_ids = [imdb_id for imdb_id in map(parse_imdb_id, ids) if imdb_id]
    films = {str(film.id): film for film in await get_film_rows(list(dict.fromkeys(film_ids)))}
    for film in await get_film_rows_by_imdb_id(list(dict.fromkeys(imdb_ids))):
        films[str(film.imdb_id)] = film
    return [_find_film(films, text, number) for number, text in enumerate(ids)]


def _find_film(films: dict[str, FilmRow], text: str, number: int) -> FilmRow | DomainError:
    key = parse_imdb_id(text) or str(parse_uuid(text) or "")
    if not key:
        reason = "must be an id or an IMDb id"
        return Invalid(f"This {reason}.", errors=(FieldError(f"/ids/{number}", reason),))
    return films.get(key) or NotFound("The catalogue has no such film.", code="movie_not_found")
