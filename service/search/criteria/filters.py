"""Filters: conditions that every film of a result meets, whatever the query.

Names (of genres, directors and so on) are compared by their compact keys. The engines apply the
filters themselves; `Filters.accepts` is the same rule in Python for films that are in memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from service.film_fields import NAME_FILTER_COLUMNS, NameFilter
from service.text.titles import compact_key

UNLISTED_TYPES = ("episode",)
"""Types that are found only by their name: the episodes of a series would crowd out the series."""

Facet = Literal["genre", "language", "country", "decade", "type", "rating"]


class FilterableFilm(Protocol):
    """The facts of a film that filters look at."""

    @property
    def type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def genres(self) -> Sequence[str]: ...
    @property
    def directors(self) -> Sequence[str]: ...
    @property
    def writers(self) -> Sequence[str]: ...
    @property
    def actors(self) -> Sequence[str]: ...
    @property
    def languages(self) -> Sequence[str]: ...
    @property
    def countries(self) -> Sequence[str]: ...
    @property
    def year(self) -> int | None: ...
    @property
    def imdb_rating(self) -> float | None: ...
    @property
    def runtime_minutes(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Range:
    """A range that includes both ends. Only an open range contains an unknown value."""

    minimum: float | int | None = None
    maximum: float | int | None = None

    @property
    def is_open(self) -> bool:
        """Whether the range has neither end."""
        return self.minimum is None and self.maximum is None

    def contains(self, value: float | int | None) -> bool:
        """Return whether `value` is in the range."""
        if value is None:
            return self.is_open
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one search. A film must meet all of them; of several names it needs one.

    Without `types`, films of every type but `excluded_types` do. Genres, names of people, languages
    and countries are compact keys. Ratings go from 0 to 10; `minutes` is the running time.
    """

    types: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    years: Range = Range()
    ratings: Range = Range()
    minutes: Range = Range()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    excluded_types: tuple[str, ...] = UNLISTED_TYPES

    @property
    def hidden_types(self) -> tuple[str, ...]:
        """The types of which no film is accepted, if no type is named."""
        return () if self.types else self.excluded_types

    @property
    def name_filters(self) -> dict[NameFilter, tuple[str, ...]]:
        """The compact keys by filter, for the filters that are set."""
        filters = {name: getattr(self, field) for name, field in NAME_FILTER_COLUMNS.items()}
        return {name: values for name, values in filters.items() if values}

    @property
    def unfiltered(self) -> "Filters":
        """The filters of a search that names none, or of one for episodes too if these are."""
        return NO_FILTERS if set(self.types) & set(UNLISTED_TYPES) else DEFAULT_FILTERS

    def without_facet(self, facet: Facet) -> "Filters":
        """Return the same filters without the one for `facet`, for the counts of that facet."""
        if facet == "type":
            return replace(self, types=(), excluded_types=())
        if facet == "decade":
            return replace(self, years=Range())
        if facet == "rating":
            return replace(self, ratings=Range())
        changes: dict[str, Any] = {NAME_FILTER_COLUMNS[facet]: ()}
        return replace(self, **changes)

    def accepts(self, film: FilterableFilm) -> bool:
        """Return whether `film` meets all filters."""
        return (
            (not self.types or film.type in self.types)
            and film.type not in self.hidden_types
            and (not self.sources or film.source in self.sources)
            and all(
                any(compact_key(name) in keys for name in getattr(film, NAME_FILTER_COLUMNS[kind]))
                for kind, keys in self.name_filters.items()
            )
            and self.years.contains(film.year)
            and self.ratings.contains(film.imdb_rating)
            and self.minutes.contains(film.runtime_minutes)
        )


NO_FILTERS = Filters(excluded_types=())
"""Accepts every film."""

DEFAULT_FILTERS = Filters()
"""The filters of a search that names none."""
