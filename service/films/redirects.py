"""Addresses that lead to another film for good: those of films that were merged into it.

A redirect holds an old id, or an old IMDb id that no film has any more. It always names a film that
exists: a merge moves the redirects of the film that disappears, and a deletion removes those that
lead to the deleted film.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from service.errors import Conflict, Moved
from service.films.models import Film, FilmRedirect
from service.text.film_addresses import to_address


async def find_redirects(addresses: Collection[str]) -> dict[str, UUID]:
    """Return the films to which these addresses lead, by address, for those that are redirects."""
    if not addresses:
        return {}
    redirects = FilmRedirect.filter(address__in=list(addresses))
    return dict(await redirects.values_list("address", "film_id"))


async def find_redirect(address: str) -> UUID | None:
    """Return the film to which this address leads, if it is a redirect."""
    return (await find_redirects([address])).get(address)


async def raise_if_moved(movie: str) -> None:
    """Raise `Moved` if the film of this id or IMDb id was merged into another one."""
    address = to_address(movie)
    if address is not None and (film_id := await find_redirect(address)) is not None:
        raise Moved(movie, str(film_id))


async def redirect_film(film: Film, target: Film, now: datetime) -> None:
    """Let the addresses of `film`, which was merged into `target`, lead there."""
    await FilmRedirect.filter(film_id=film.id).update(film_id=target.id)
    addresses = {str(film.id), film.imdb_id} - {None, target.imdb_id}
    await FilmRedirect.bulk_create(
        [FilmRedirect(address=name, film_id=target.id, created_at=now) for name in addresses]
    )


async def delete_redirects(film_ids: Sequence[UUID]) -> None:
    """Forget the addresses that lead to these films, which are deleted."""
    await FilmRedirect.filter(film_id__in=list(film_ids)).delete()


async def claim_imdb_id(imdb_id: str | None, film: Film) -> None:
    """Remove the redirect from this IMDb id to the film itself, which gets the IMDb id.

    Raises:
        Conflict: the IMDb id leads to another film.
    """
    if imdb_id is None or imdb_id == film.imdb_id:
        return
    target = await find_redirect(imdb_id)
    if target == film.id:
        await FilmRedirect.filter(address=imdb_id).delete()
    elif target is not None:
        raise Conflict(f"That IMDb id leads to another film: {target}.", code="movie_exists")
