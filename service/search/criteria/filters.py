"""Which films a search may give at all, whatever its words.

What a person types (a genre, a director) is compared folded and whole. The engines keep films out
by it; the same rule in Python, `accepts`, serves whatever has the films at hand already.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol

from service.film_fields import NAME_FILTER_COLUMNS, NameFilter
from service.text.titles import compact_key

Facet = Literal["genre", "language", "country", "decade", "type", "rating"]


class FilterableFilm(Protocol):
    """The facts of a film that filters look at."""

    @property
    def type(self) -> str: ...
    @property
    def genres(self) -> Sequence[str]: ...
    @property
    def directors(self) -> Sequence[str]: ...
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
    """Both ends belong to it; a value that is not known lies in no range but the open one."""

    minimum: float | int | None = None
    maximum: float | int | None = None

    @property
    def is_open(self) -> bool:
        return self.minimum is None and self.maximum is None

    def contains(self, value: float | int | None) -> bool:
        """Whether `value` lies within."""
        if value is None:
            return self.is_open
        return (self.minimum is None or value >= self.minimum) and (
            self.maximum is None or value <= self.maximum
        )


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one search; a film must pass all of them, and have any of several names.

    Genres, directors, languages and countries are squeezed; years, ratings (0 to 10) and minutes
    are ranges.
    """

    types: tuple[str, ...] = ()
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    years: Range = Range()
    ratings: Range = Range()
    minutes: Range = Range()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()

    @property
    def name_filters(self) -> dict[NameFilter, tuple[str, ...]]:
        """The names that are asked for, by filter; only filters that are set."""
        asked = {name: getattr(self, field) for name, field in NAME_FILTER_COLUMNS.items()}
        return {name: values for name, values in asked.items() if values}

    def without_facet(self, facet: Facet) -> "Filters":
        """The same without the filter that `facet` stands for: its counts show what else there
        is.
        """
        if facet == "type":
            return replace(self, types=())
        if facet == "decade":
            return replace(self, years=Range())
        if facet == "rating":
            return replace(self, ratings=Range())
        unnamed: dict[str, Any] = {NAME_FILTER_COLUMNS[facet]: ()}
        return replace(self, **unnamed)

    def accepts(self, film: FilterableFilm) -> bool:
        """Whether `film` passes."""
        return (
            (not self.types or film.type in self.types)
            and all(
                any(
                    compact_key(each) in values for each in getattr(film, NAME_FILTER_COLUMNS[name])
                )
                for name, values in self.name_filters.items()
            )
            and self.years.contains(film.year)
            and self.ratings.contains(film.imdb_rating)
            and self.minutes.contains(film.runtime_minutes)
        )


NO_FILTERS = Filters()
