"""What somebody wants to know of OMDb, and how its answer compares."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from service.errors import FieldError, Invalid
from service.films.schemas import FilmFacts, FilmType
from service.omdb.models import MAX_KEY_LENGTH
from service.text.analysis import full_title_key
from service.text.imdb_ids import is_imdb_id

MIN_REFRESH_INTERVAL = timedelta(days=1)  # until facts are asked for again
MAX_REFRESH_INTERVAL = timedelta(days=90)
UNDATED_REFRESH_INTERVAL = timedelta(
    days=7
)  # a film without a date is mostly one that is announced
RUNNING_SERIES_REFRESH_INTERVAL = timedelta(
    days=7
)  # a series that has not ended gets new episodes about so often

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LookupKey:
    """One film, by its IMDb id or else by its title, year and type.

    `key` names the question in the memory that all processes share. It is the title as OMDb
    gets it, but for case and blanks: OMDb may know `Charlie's Angels` and not `charlies angels`,
    so that one's failure must not answer the other.
    """

    cache_key: str
    title: str
    imdb_id: str | None = None
    year: int | None = None
    type: FilmType | None = None

    def matches(self, facts: FilmFacts) -> bool:
        """Whether this is the film that was asked for, and not one that is only similar."""
        if self.imdb_id is not None:
            return facts.imdb_id == self.imdb_id
        return (
            full_title_key(facts.title) == full_title_key(self.title)
            and self.year in (None, facts.year)
            and self.type in (None, facts.type)
        )


def to_lookup_key(movie: str, year: int | None = None, type: FilmType | None = None) -> LookupKey:
    """The question that these words ask.

    Raises:
        Invalid: they can be no film's title.
    """
    plain = " ".join(unicodedata.normalize("NFC", movie).casefold().split())
    if is_imdb_id(plain):
        return LookupKey(cache_key=f"i:{plain}", title=movie, imdb_id=plain)
    key = f"t:{plain}|{year or ''}|{type or ''}"
    if _UNPRINTABLE.search(movie) or len(key) > MAX_KEY_LENGTH or not full_title_key(movie):
        reason = "must be a title or an id"
        raise Invalid(f"This {reason}.", errors=(FieldError("movie", reason),))
    return LookupKey(cache_key=key, title=" ".join(movie.split()), year=year, type=type)


def schedule_refresh(facts: FilmFacts, now: datetime) -> datetime:
    """When facts fetched now are to be fetched again: after a tenth of the film's age.

    The facts of a new film change daily (votes, box office, prizes), those of an old one hardly
    ever; so a film in its first ten days is asked for again after 1 day, one of a year after 36,
    and none later than after 90. A running series is asked for at least weekly.
    """
    born = facts.released or (date(facts.year, 7, 1) if facts.year else None)
    if born is None:
        return now + UNDATED_REFRESH_INTERVAL
    wait = min(max((now.date() - born) / 10, MIN_REFRESH_INTERVAL), MAX_REFRESH_INTERVAL)
    running = facts.type == "series" and facts.end_year is None
    return now + (min(wait, RUNNING_SERIES_REFRESH_INTERVAL) if running else wait)
