"""Films that may interest somebody, as clients see them."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from service.community.discovery.similarity import SimilarityReason
from service.films.responses import FilmView
from service.http.pagination import Total, page_address
from service.search.responses import CountsView, DegradationsView, TotalView


@dataclass(frozen=True, slots=True)
class PopularFilmView:
    """A film and its mean score."""

    movie: Annotated[FilmView, Field(description="The film.")]
    score: Annotated[
        float,
        Field(
            description="The mean of IMDb's votes and of those of this service, which weigh more; "
            "with few votes, it is near the mean of all films.",
            examples=[8.42],
        ),
    ]


@dataclass(frozen=True, slots=True)
class PopularPage:
    """One page of the films that are rated best."""

    results: Annotated[list[PopularFilmView], Field(description="The films, the best first.")]
    total: Annotated[Total, Field(description="How many are ranked.")]
    next: Annotated[str | None, page_address("next", "/api/v1/movies/popular")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/movies/popular")]


@dataclass(frozen=True, slots=True)
class TrendingFilmView:
    """A film and how much is going on around it."""

    movie: Annotated[FilmView, Field(description="The film.")]
    score: Annotated[
        float,
        Field(
            description="What users of this service do with it: a view counts 1, a vote 5, a "
            "review 10, and half of that three days later.",
            examples=[37.5],
        ),
    ]


@dataclass(frozen=True, slots=True)
class TrendingPage:
    """One page of the films with most going on."""

    results: Annotated[
        list[TrendingFilmView], Field(description="The films, the one with most going on first.")
    ]
    total: Annotated[Total, Field(description="How many there are, or at least are.")]
    next: Annotated[str | None, page_address("next", "/api/v1/movies/trending")]
    previous: Annotated[str | None, page_address("previous", "/api/v1/movies/trending")]


@dataclass(frozen=True, slots=True)
class SimilarFilmView:
    """A film that is like another one."""

    movie: Annotated[FilmView, Field(description="The film.")]
    score: Annotated[
        float, Field(description="How alike it is; orders these films only.", examples=[6.3])
    ]
    because: Annotated[
        list[SimilarityReason],
        Field(
            description="What they have in common, the most important first; `ratings` means that "
            "the same users like both.",
            examples=[["series", "directors"]],
        ),
    ]


@dataclass(frozen=True, slots=True)
class SimilarFilmsView:
    """The films that are like one."""

    results: Annotated[list[SimilarFilmView], Field(description="The films, the most alike first.")]
    degraded: DegradationsView


@dataclass(frozen=True, slots=True)
class GenreView:
    """A genre."""

    name: Annotated[str, Field(description="The name.", examples=["Drama"])]
    movies: Annotated[
        int | None,
        Field(
            description="How many films have it; null while the search engine is unavailable.",
            examples=[212],
        ),
    ]


@dataclass(frozen=True, slots=True)
class GenresView:
    """The genres of the catalogue."""

    results: Annotated[
        list[GenreView], Field(description="The genres, the one with most films first.")
    ]
    degraded: DegradationsView


@dataclass(frozen=True, slots=True)
class DirectorFilmsPage:
    """One page of a director's films; the counts are of all of them."""

    results: Annotated[list[FilmView], Field(description="The films in the order asked for.")]
    total: TotalView
    counts: CountsView
    degraded: DegradationsView
    next: Annotated[str | None, page_address("next", "/api/v1/directors/Steven%20Spielberg/movies")]
    previous: Annotated[
        str | None, page_address("previous", "/api/v1/directors/Steven%20Spielberg/movies")
    ]
