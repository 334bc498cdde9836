"""Facets: how many of the hits have which genre, language, country, decade, type or rating.

The counts of a facet leave its own filter out, so that choosing a genre does not reduce all other
genres to zero.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from service.search.criteria.filters import Facet, FilterableFilm, Filters

MAX_VALUES = 100  # of one facet; there are about thirty genres


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value and the number of films that have it.

    A decade is given by its first year, a rating by its integer part.
    """

    value: Annotated[str | int, Field(description="The value.", examples=["Drama"])]
    count: Annotated[int, Field(description="How many of the hits have it.", examples=[12])]


FacetCounts = dict[Facet, tuple[FacetCount, ...]]


def order_counts(facet: Facet, counts: Iterable[tuple[str | int, int]]) -> tuple[FacetCount, ...]:
    """Return the counts above zero in order, at most `MAX_VALUES`.

    Names and types are ordered by count, the highest first; decades and ratings by value, the
    highest first.
    """
    facet_counts = [FacetCount(value, count) for value, count in counts if count]
    if facet in ("decade", "rating"):
        facet_counts.sort(key=lambda c: -int(c.value))
    else:
        facet_counts.sort(key=lambda c: (-c.count, str(c.value)))
    return tuple(facet_counts[:MAX_VALUES])


def count_facets(
    films: Sequence[FilterableFilm], filters: Filters, facets: Iterable[Facet]
) -> FacetCounts:
    """Count the values of `facets` among films that have not been filtered yet."""
    facet_counts: FacetCounts = {}
    for facet in facets:
        matching_films = filter(filters.without_facet(facet).accepts, films)
        values = Counter(value for film in matching_films for value in _FACET_VALUES[facet](film))
        facet_counts[facet] = order_counts(facet, values.items())
    return facet_counts


_FACET_VALUES: dict[Facet, Callable[[FilterableFilm], Iterable[str | int]]] = {
    "genre": lambda film: film.genres,
    "language": lambda film: film.languages,
    "country": lambda film: film.countries,
    "type": lambda film: [film.type],
    "decade": lambda film: [] if film.year is None else [film.year // 10 * 10],
    "rating": lambda film: [] if film.imdb_rating is None else [int(film.imdb_rating)],
}
