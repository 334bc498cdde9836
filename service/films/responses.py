"""A film as clients see it; unknown values are `null`."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, cast

from pydantic import ConfigDict, Field

from service.film_fields import FilmRow
from service.films.field_descriptions import describe_film_fields
from service.films.models import Film
from service.films.poster_response import PosterView, poster_view
from service.films.schemas import FilmType, Source
from service.films.twins import Twins

DESCRIBED = ConfigDict(json_schema_extra=describe_film_fields)

ATTRIBUTION = {
    "omdb": "Data from OMDb (omdbapi.com), CC BY-NC 4.0.",
    "sample": None,
    "user": None,
}


@dataclass(frozen=True, slots=True)
class ImdbRatingView:
    """IMDb's rating, from 0 to 10, and the number of votes."""

    __pydantic_config__ = DESCRIBED

    value: float | None
    votes: int | None


@dataclass(frozen=True, slots=True)
class RatingsView:
    """Ratings by IMDb, Rotten Tomatoes and Metacritic; the last two in percent."""

    __pydantic_config__ = DESCRIBED

    imdb: ImdbRatingView
    rotten_tomatoes: int | None
    metacritic: int | None


@dataclass(frozen=True, slots=True)
class VotesView:
    """How many users of this service liked the film, and how many did not."""

    up: Annotated[int, Field(description="Votes for it.", examples=[31])]
    down: Annotated[int, Field(description="Votes against it.", examples=[4])]


@dataclass(frozen=True, slots=True)
class ReviewCountView:
    """The reviews of the film by users of this service; hidden ones do not count."""

    count: Annotated[int, Field(description="How many there are.", examples=[12])]
    average: Annotated[
        float | None,
        Field(
            description="The mean of those reviews' scores, from 1 to 10; `null` if none has one.",
            examples=[7.25],
        ),
    ]


@dataclass(frozen=True, slots=True)
class UserRatingView:
    """The scores that users of this service gave the film without a review."""

    value: Annotated[
        float | None,
        Field(description="Their mean, from 1 to 10; `null` without scores.", examples=[8.4]),
    ]
    count: Annotated[int, Field(description="How many there are.", examples=[57])]


@dataclass(frozen=True, slots=True)
class FilmView:
    """One film. Times are RFC 3339 UTC, money is whole US dollars."""

    __pydantic_config__ = DESCRIBED

    id: str
    imdb_id: str | None
    title: str
    aliases: list[str]
    type: FilmType
    year: int | None
    end_year: int | None
    released: date | None
    rated: str | None
    runtime_minutes: int | None
    genres: list[str]
    directors: list[str]
    writers: list[str]
    actors: list[str]
    plot: str | None
    languages: list[str]
    countries: list[str]
    awards: str | None
    ratings: RatingsView
    season: int | None
    episode: int | None
    series: str | None
    votes: Annotated[VotesView, Field(description="How many users liked it, and how many not.")]
    reviews: ReviewCountView
    user_rating: UserRatingView
    popularity: float | None
    box_office_usd: int | None
    poster: PosterView
    source: Source
    fetched_at: datetime | None
    refresh_after: datetime | None
    stale: bool
    attribution: str | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class TwinsView:
    """Two films that are one by the rule of the catalogue."""

    movies: Annotated[list[FilmView], Field(description="The two films, the older one first.")]
    differences: Annotated[
        list[str],
        Field(description="The facts that both know and that differ.", examples=[["plot"]]),
    ]
    mergeable: Annotated[
        bool,
        Field(
            description="Whether `movies check --twins --repair` merges them: nothing differs, "
            "and no third film fits only one of them.",
            examples=[False],
        ),
    ]


def twins_view(twins: Twins, now: datetime) -> TwinsView:
    """Return two stored twins as clients see them at `now`."""
    films = [film_view(film, now) for film in twins.films]
    return TwinsView(films, list(twins.differences), twins.is_mergeable)


def film_view(film: Film | FilmRow, now: datetime) -> FilmView:
    """Return the stored film as clients see it at `now`."""
    return FilmView(
        id=str(film.id),
        imdb_id=film.imdb_id,
        title=film.title,
        aliases=film.aliases,
        type=cast(FilmType, film.type),
        year=film.year,
        end_year=film.end_year,
        released=film.released,
        rated=film.rated,
        runtime_minutes=film.runtime_minutes,
        genres=film.genres,
        directors=film.directors,
        writers=film.writers,
        actors=film.actors,
        plot=film.plot,
        languages=film.languages,
        countries=film.countries,
        awards=film.awards,
        ratings=RatingsView(
            ImdbRatingView(film.imdb_rating, film.imdb_votes), film.rotten_tomatoes, film.metacritic
        ),
        season=film.season,
        episode=film.episode,
        series=film.series,
        votes=VotesView(film.votes_up, film.votes_down),
        reviews=ReviewCountView(
            film.review_count, calculate_mean(film.review_score_sum, film.review_score_count)
        ),
        user_rating=UserRatingView(
            calculate_mean(film.score_sum, film.score_count), film.score_count
        ),
        popularity=film.popularity,
        box_office_usd=film.box_office_usd,
        poster=poster_view(film),
        source=cast(Source, film.source),
        fetched_at=film.fetched_at,
        refresh_after=film.refresh_after,
        stale=film.refresh_after is not None and film.refresh_after <= now,
        attribution=ATTRIBUTION.get(film.source),
        created_at=film.created_at,
        updated_at=film.updated_at,
        version=film.version,
    )


def calculate_mean(total: int, count: int) -> float | None:
    """Return the mean of `count` scores as clients see it; None without scores."""
    return round(total / count, 2) if count else None


def etag(film: Film) -> str:
    """Return the film's entity tag; `If-Match` compares the id and the version alone."""
    return f"{film.id}.{film.version}.{film.counters}"
