"""Several films of the catalogue at once, each found or refused on its own."""

from collections.abc import Iterable, Sequence

from service.errors import DomainError, FieldError, Invalid, NotFound
from service.film_fields import FilmRow
from service.films.redirects import find_redirects
from service.films.rows import get_film_rows, get_film_rows_by_imdb_id
from service.text.film_addresses import to_address
from service.text.imdb_ids import is_imdb_id


async def find_films(ids: Sequence[str]) -> list[FilmRow | DomainError]:
    """Return for each id its film, or why there is none. Does not ask OMDb.

    Args:
        ids: ids of ours or IMDb ids, also those of films that were merged into others.
    """
    addresses = dict.fromkeys(filter(None, map(to_address, ids)))
    films = await _read_films(addresses)
    redirects = await find_redirects([name for name in addresses if name not in films])
    targets = await _read_films(dict.fromkeys(map(str, redirects.values())))
    films |= {
        address: targets[str(film_id)]
        for address, film_id in redirects.items()
        if str(film_id) in targets
    }
    return [_find_film(films, text, number) for number, text in enumerate(ids)]


async def _read_films(addresses: Iterable[str]) -> dict[str, FilmRow]:
    """Return the films of these ids and IMDb ids by both."""
    imdb_ids = [name for name in addresses if is_imdb_id(name)]
    rows = await get_film_rows([name for name in addresses if not is_imdb_id(name)])
    rows += await get_film_rows_by_imdb_id(imdb_ids)
    by_imdb_id = {film.imdb_id: film for film in rows if film.imdb_id is not None}
    return by_imdb_id | {str(film.id): film for film in rows}


def _find_film(films: dict[str, FilmRow], text: str, number: int) -> FilmRow | DomainError:
    address = to_address(text)
    if address is None:
        reason = "must be an id or an IMDb id"
        return Invalid(f"This {reason}.", errors=(FieldError(f"/ids/{number}", reason),))
    return films.get(address) or NotFound("The catalogue has no such film.", code="movie_not_found")
