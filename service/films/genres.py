"""The genres that films may have: sources bring new ones, people choose among those that exist."""

from collections.abc import Collection, Sequence

from service.errors import FieldError, Invalid
from service.films.models import Film, Genre


async def add_genres(films: Sequence[Film]) -> None:
    """Add the genres of these films that are new."""
    await add_genre_names({name for film in films for name in film.genres})


async def add_genre_names(names: Collection[str]) -> None:
    """Add those of these genres that are new."""
    await Genre.bulk_create([Genre(name=name) for name in sorted(names)], ignore_conflicts=True)


async def check_genres(genres: Sequence[str]) -> None:
    """Raise Invalid (`genre_not_found`) if there are genres that no import has brought."""
    if not genres:
        return
    existing = {genre.name for genre in await Genre.filter(name__in=list(genres))}
    unknown = [name for name in genres if name not in existing]
    if unknown:
        errors = tuple(FieldError("/genres", f"{name!r} is not a known genre") for name in unknown)
        raise Invalid("A genre is not known.", code="genre_not_found", errors=errors)
