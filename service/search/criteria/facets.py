"""How many of the films that were found have which genre, language, country, decade or the like.

Counts of a facet leave its own filter out, so that a chosen genre does not zero the others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from service.search.criteria.filters import Facet, FilterableFilm, Filters

MAX_VALUES = 100  # of one facet; there are some thirty genres


@dataclass(frozen=True, slots=True)
class FacetCount:
    """A value and how many films have it. A decade is its first year, a rating its whole part."""

    value: str | int
    count: int


FacetCounts = dict[Facet, tuple[FacetCount, ...]]


def order_counts(facet: Facet, counted: Iterable[tuple[str | int, int]]) -> tuple[FacetCount, ...]:
    """Names and types with most films first; decades and ratings from the highest down."""
    found = [FacetCount(value, count) for value, count in counted if count]
    if facet in ("decade", "rating"):
        found.sort(key=lambda each: -int(each.value))
    else:
        found.sort(key=lambda each: (-each.count, str(each.value)))
    return tuple(found[:MAX_VALUES])


def count_facets(
    films: Sequence[FilterableFilm], filters: Filters, facets: Iterable[Facet]
) -> FacetCounts:
    """The counts among films at hand, which filters have not touched yet."""
    found: FacetCounts = {}
    for facet in facets:
        kept = filter(filters.without_facet(facet).accepts, films)
        found[facet] = order_counts(
            facet, Counter(v for f in kept for v in _FACET_VALUES[facet](f)).items()
        )
    return found


_FACET_VALUES: dict[Facet, Callable[[FilterableFilm], Iterable[str | int]]] = {
    "genre": lambda film: film.genres,
    "language": lambda film: film.languages,
    "country": lambda film: film.countries,
    "type": lambda film: [film.type],
    "decade": lambda film: [] if film.year is None else [film.year // 10 * 10],
    "rating": lambda film: [] if film.imdb_rating is None else [int(film.imdb_rating)],
}
