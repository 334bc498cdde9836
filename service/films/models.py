"""The tables of films, of genres, and of the addresses of merged films.

Lists are columns of the film's row, in the order of the source. `version` rises by one with every
change of the film's facts, under the row's lock, and is what `If-Match` compares. `counters` rises
when something around the film changes (a poster is stored, somebody votes), so that the ETag
changes as well. The columns from `votes_up` on are tallies; see `tallies`. An id is never used
again. `plaintext` and `nametext` serve database search; see `search_text`. A new field also touches
the files that `service.film_fields` lists.
"""

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model
from uuid_utils.compat import uuid7


class Film(Model):
    """One film. Dates are UTC, money is whole US dollars, ratings are as their sources scale.

    `season`, `episode` and `series`, an IMDb id, are known of episodes only.
    """

    id = fields.UUIDField(primary_key=True, default=uuid7)
    version = fields.BigIntField(default=1)
    counters = fields.BigIntField(default=0)
    imdb_id = fields.CharField(max_length=12, null=True, unique=True)
    title = fields.CharField(max_length=500)
    whole_title = fields.CharField(max_length=600)
    aliases: list[str] = fields.JSONField(default=list)
    plaintext = fields.TextField(default="", db_default="")
    nametext = fields.TextField(default="", db_default="")
    type = fields.CharField(max_length=8, default="movie")
    year = fields.IntField(null=True)
    end_year = fields.IntField(null=True)
    released = fields.DateField(null=True)
    rated = fields.CharField(max_length=500, null=True)
    runtime_minutes = fields.IntField(null=True)
    genres: list[str] = fields.JSONField(default=list)
    directors: list[str] = fields.JSONField(default=list)
    writers: list[str] = fields.JSONField(default=list)
    actors: list[str] = fields.JSONField(default=list)
    plot = fields.TextField(null=True)
    languages: list[str] = fields.JSONField(default=list)
    countries: list[str] = fields.JSONField(default=list)
    awards = fields.CharField(max_length=500, null=True)
    season = fields.IntField(null=True)
    episode = fields.IntField(null=True)
    series = fields.CharField(max_length=12, null=True)
    imdb_rating = fields.FloatField(null=True)
    imdb_votes = fields.BigIntField(null=True)
    rotten_tomatoes = fields.IntField(null=True)
    metacritic = fields.IntField(null=True)
    popularity = fields.FloatField(null=True)
    box_office_usd = fields.BigIntField(null=True)
    poster_source = fields.CharField(max_length=2000, null=True)
    poster_status = fields.CharField(max_length=8, default="missing")
    poster_reason = fields.CharField(max_length=200, null=True)
    poster_key = fields.CharField(max_length=64, null=True)
    poster_attempts = fields.IntField(default=0)
    poster_due_at = fields.BigIntField(null=True)
    source = fields.CharField(max_length=8, default="user")
    fetched_at = fields.DatetimeField(null=True)
    refresh_after = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    votes_up = fields.IntField(default=0, db_default=0)
    votes_down = fields.IntField(default=0, db_default=0)
    score_count = fields.IntField(default=0, db_default=0)
    score_sum = fields.IntField(default=0, db_default=0)
    review_count = fields.IntField(default=0, db_default=0)
    review_score_count = fields.IntField(default=0, db_default=0)
    review_score_sum = fields.IntField(default=0, db_default=0)

    class Meta:
        table = "films"
        indexes = (
            Index(fields=("whole_title", "year"), name="idx_films_whole_title_year"),
            Index(fields=("poster_due_at",), name="idx_films_poster_due_at"),
            Index(fields=("poster_key",), name="idx_films_poster_key"),
            Index(fields=("imdb_votes",), name="idx_films_imdb_votes"),
            Index(fields=("series",), name="idx_films_series"),
        )


class SeriesSeason(Model):
    """A season of a series as OMDb lists it; `episodes` is a JSON array, see `seasons`."""

    id = fields.UUIDField(primary_key=True, default=uuid7)
    series = fields.CharField(max_length=12)
    season = fields.IntField()
    total_seasons = fields.IntField(null=True)
    episodes: list[dict[str, Any]] = fields.JSONField(default=list)
    refresh_after = fields.DatetimeField()

    class Meta:
        table = "series_seasons"
        table_description = "A season of the series with this IMDb id, with its episodes."
        unique_together = (("series", "season"),)


class Genre(Model):
    """A genre that films may have. Imports add genres; users can only choose existing ones."""

    name = fields.CharField(max_length=500, primary_key=True)

    class Meta:
        table = "genres"
        table_description = (
            "A genre that films may have. Loading makes them, people choose among them."
        )


class FilmRedirect(Model):
    """An id or an IMDb id of a merged film; it leads to the film `film_id` for good."""

    address = fields.CharField(max_length=36, primary_key=True)
    film_id = fields.UUIDField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "film_redirects"
        table_description = "An address of a film that was merged into another, `film_id`."
        indexes = (Index(fields=("film_id",), name="idx_film_redirects_film_id"),)
