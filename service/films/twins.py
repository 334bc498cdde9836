"""Twins: two stored films that the rule of `deduplication` takes for one.

Nothing adds twins today; they come from earlier releases, from changes by hand, and from films that
got the same title, year or directors later. At least one of two twins has no IMDb id.
"""

import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from service.errors import Conflict, Invalid, Moved, NotFound
from service.films.deduplication import FilmIdentity
from service.films.merge import FACT_COLUMNS, FilmMerger, Merge, is_unknown
from service.films.models import Film

PAGE_SIZE = 500  # films without an IMDb id whose twins are looked for at once
MAX_COUNTED_TWINS = 1_000  # pairs; a total beyond is a lower bound
MAX_COUNTING_TIME = 3.0  # seconds; a total that takes longer is a lower bound
COMPARED_COLUMNS = tuple(name for name in FACT_COLUMNS if name not in ("imdb_id", "aliases"))
"""The facts of two twins that may differ; an IMDb id is missing, and aliases are joined."""

FIELD_NAMES = {
    "imdb_rating": "ratings.imdb.value",
    "imdb_votes": "ratings.imdb.votes",
    "rotten_tomatoes": "ratings.rotten_tomatoes",
    "metacritic": "ratings.metacritic",
    "poster_source": "poster_url",
}
"""The names of columns that clients know by other names."""


@dataclass(frozen=True, slots=True)
class Twins:
    """Two films that are one, the older one first.

    `differences` names the facts that are known of both and differ. `is_mergeable` says that there
    are none, and that no third film fits only one of the two.
    """

    films: tuple[Film, Film]
    differences: tuple[str, ...]
    is_mergeable: bool


@dataclass(frozen=True, slots=True)
class TwinsList:
    """One page of twins, and how many there are: exactly (`eq`), or at least (`gte`)."""

    results: tuple[Twins, ...]
    total: int
    relation: Literal["eq", "gte"]


async def find_twins(page_size: int = PAGE_SIZE) -> AsyncIterator[Twins]:
    """Yield all twins, in the order of their films without an IMDb id."""
    last_id = UUID(int=0)
    while page := await _read_titles_without_imdb_id(last_id, page_size):
        last_id = max(page)
        namesakes = await _read_namesakes(set(page.values()))
        pairs = [*_find_pairs([film for film in namesakes if film.id in page], namesakes)]
        ids = {film_id for pair in pairs for film_id in pair.ids}
        films = {film.id: film for film in await Film.filter(id__in=list(ids))} if ids else {}
        for pair in pairs:
            older, newer = (films.get(film_id) for film_id in pair.ids)
            if older is not None and newer is not None:
                differences = find_differences(older, newer)
                is_mergeable = pair.is_unambiguous and not differences
                yield Twins((older, newer), differences, is_mergeable)


async def list_twins(limit: int, offset: int, max_time: float = MAX_COUNTING_TIME) -> TwinsList:
    """Return one page of twins; count the others for `max_time` seconds at most."""
    results: list[Twins] = []
    total, ends_at = 0, time.monotonic() + max_time
    async for twins in find_twins():
        if offset <= total < offset + limit:
            results.append(twins)
        total += 1
        is_late = len(results) == limit and time.monotonic() > ends_at
        if total > MAX_COUNTED_TWINS or is_late:
            return TwinsList(tuple(results), min(total, MAX_COUNTED_TWINS), "gte")
    return TwinsList(tuple(results), total, "eq")


async def merge_twins(merger: FilmMerger) -> AsyncIterator[Merge]:
    """Merge all twins without differences, the newer one into the older one."""
    async for twins in find_twins():
        if not twins.is_mergeable:
            continue
        older, newer = twins.films
        with suppress(NotFound, Moved, Invalid, Conflict):  # they have changed meanwhile
            yield await merger.merge(str(newer.id), str(older.id), _check_still_mergeable)


def find_differences(one: Film, other: Film) -> tuple[str, ...]:
    """Return the names of the facts that are known of both films and differ."""
    return tuple(
        FIELD_NAMES.get(name, name)
        for name in COMPARED_COLUMNS
        if not is_unknown(one, name)
        and not is_unknown(other, name)
        and getattr(one, name) != getattr(other, name)
    )


def _check_still_mergeable(merged: Film, film: Film) -> None:
    is_same = FilmIdentity.of(merged).is_same_film(FilmIdentity.of(film))
    if not is_same or find_differences(merged, film):
        raise Conflict("The films differ by now.")


@dataclass(frozen=True, slots=True)
class _NamedFilm:
    """What tells whether a film has twins."""

    id: UUID
    whole_title: str
    identity: FilmIdentity


@dataclass(frozen=True, slots=True)
class _Pair:
    ids: tuple[UUID, UUID]
    is_unambiguous: bool


def _find_pairs(page: Sequence[_NamedFilm], namesakes: Sequence[_NamedFilm]) -> Iterator[_Pair]:
    """Yield the pairs of twins of which a film of the page is the one without an IMDb id."""
    by_title: dict[str, list[_NamedFilm]] = defaultdict(list)
    for film in namesakes:
        by_title[film.whole_title].append(film)
    for film in page:
        same_title = by_title[film.whole_title]
        for other in same_title:
            is_counted_there = other.identity.imdb_id is None and other.id <= film.id
            if is_counted_there or not film.identity.is_same_film(other.identity):
                continue
            is_unambiguous = all(
                film.identity.is_same_film(third.identity)
                == other.identity.is_same_film(third.identity)
                for third in same_title
                if third.id not in (film.id, other.id)
            )
            older_id, newer_id = sorted((film.id, other.id))
            yield _Pair((older_id, newer_id), is_unambiguous)


async def _read_titles_without_imdb_id(after: UUID, limit: int) -> dict[UUID, str]:
    """Return the keys of the titles of the next films without an IMDb id, by film id."""
    films = Film.filter(imdb_id=None, id__gt=after).order_by("id").limit(limit)
    return dict(await films.values_list("id", "whole_title"))


async def _read_namesakes(titles: Collection[str]) -> list[_NamedFilm]:
    """Read all films with one of these titles that another film has, too."""
    keys = Film.filter(whole_title__in=list(titles)).values_list("whole_title", flat=True)
    shared = [title for title, count in Counter(await keys).items() if count > 1]
    if not shared:
        return []
    films = Film.filter(whole_title__in=shared).order_by("id").only(*_IDENTITY_COLUMNS)
    return [_name(film) for film in await films]


_IDENTITY_COLUMNS = (
    *("id", "whole_title", "imdb_id", "title", "type", "year", "directors"),
    *("series", "season", "episode"),
)


def _name(film: Film) -> _NamedFilm:
    return _NamedFilm(film.id, film.whole_title, FilmIdentity.of(film))
